import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A topic as a multiset: how many committed records it has, and the sum of the hashes of their keys and values. The
 * order does not matter, each repeat does. Keys that begin with a tilde only move the time on and are left out.
 */
final class Digest {
  static void print(Settings settings) {
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers", settings.text("brokers"),
            "key.deserializer", ByteArrayDeserializer.class.getName(),
            "value.deserializer", ByteArrayDeserializer.class.getName(),
            "isolation.level", "read_committed",
            "enable.auto.commit", "false");
    long records = 0;
    long sum = 0;
    MessageDigest hash = hash();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      List<TopicPartition> places = new ArrayList<>();
      for (var info : consumer.partitionsFor(settings.text("out"))) {
        places.add(new TopicPartition(info.topic(), info.partition()));
      }
      consumer.assign(places);
      consumer.seekToBeginning(places);
      Map<TopicPartition, Long> ends = consumer.endOffsets(places);
      while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          if (record.key() != null && record.key().length > 0 && record.key()[0] == '~') continue;
          records++;
          if (record.key() != null) hash.update(record.key());
          hash.update((byte) 0);
          if (record.value() != null) hash.update(record.value());
          sum += ByteBuffer.wrap(hash.digest()).getLong();
        }
      }
    }
    System.out.println(records + " " + Long.toHexString(sum));
  }

  private static MessageDigest hash() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  private Digest() {}
}
