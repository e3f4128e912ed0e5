import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads topics from their beginning to their present end with Apicurio's Avro deserializer and writes one JSON line a
 * record. It knows addresses and topic names, and nothing else of the platform.
 *
 * Arguments: brokers, registry (http://host:port), file with one topic a line, output file.
 */
public final class Reader {
  public static void main(String[] arguments) throws Exception {
    List<String> topics = Files.readAllLines(Path.of(arguments[2]));
    long read = 0;
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(consumerSettings(arguments[0]));
        AvroKafkaDeserializer<Object> avro = deserializer(arguments[1]);
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[3])), 1 << 16);
        JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.setRootValueSeparator(new com.fasterxml.jackson.core.io.SerializedString("\n"));
      List<TopicPartition> places = new ArrayList<>();
      for (String topic : topics) {
        consumer.partitionsFor(topic).forEach(p -> places.add(new TopicPartition(topic, p.partition())));
      }
      consumer.assign(places);
      consumer.seekToBeginning(places);
      Map<TopicPartition, Long> ends = consumer.endOffsets(places);
      while (!reached(consumer, ends)) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
            write(json, record, avro);
            read++;
          }
        }
      }
    }
    System.out.println(read);
  }

  private static boolean reached(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private static Map<String, Object> consumerSettings(String brokers) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", brokers);
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", "false");
    return settings;
  }

  private static AvroKafkaDeserializer<Object> deserializer(String registry) {
    AvroKafkaDeserializer<Object> avro = new AvroKafkaDeserializer<>();
    Map<String, Object> settings = new HashMap<>();
    settings.put("apicurio.registry.url", registry + "/apis/registry/v2");
    settings.put("apicurio.registry.use-id", "contentId");
    settings.put("apicurio.registry.as-confluent", "true");
    avro.configure(settings, false);
    return avro;
  }

  private static void write(JsonGenerator json, ConsumerRecord<byte[], byte[]> record, AvroKafkaDeserializer<Object> avro)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("topic", record.topic());
    json.writeNumberField("partition", record.partition());
    json.writeNumberField("offset", record.offset());
    json.writeStringField("key", record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8));
    Object value = null;
    String failure = null;
    try {
      value = record.value() == null ? null : avro.deserialize(record.topic(), record.headers(), record.value());
    } catch (RuntimeException error) {
      failure = String.valueOf(error);
    }
    json.writeStringField("record", value instanceof IndexedRecord known ? known.getSchema().getFullName() : null);
    if (failure != null) {
      json.writeStringField("error", failure);
    }
    json.writeFieldName("value");
    writeValue(json, value);
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, Object value) throws IOException {
    if (value == null) {
      json.writeNull();
    } else if (value instanceof IndexedRecord record) {
      json.writeStartObject();
      for (Schema.Field field : record.getSchema().getFields()) {
        json.writeFieldName(field.name());
        writeValue(json, record.get(field.pos()));
      }
      json.writeEndObject();
    } else if (value instanceof Iterable<?> items) {
      json.writeStartArray();
      for (Object item : items) {
        writeValue(json, item);
      }
      json.writeEndArray();
    } else if (value instanceof Map<?, ?> entries) {
      json.writeStartObject();
      for (Map.Entry<?, ?> entry : entries.entrySet()) {
        json.writeFieldName(String.valueOf(entry.getKey()));
        writeValue(json, entry.getValue());
      }
      json.writeEndObject();
    } else {
      writeScalar(json, value);
    }
  }

  private static void writeScalar(JsonGenerator json, Object value) throws IOException {
    if (value instanceof Boolean flag) {
      json.writeBoolean(flag);
    } else if (value instanceof Long || value instanceof Integer) {
      json.writeNumber(((Number) value).longValue());
    } else if (value instanceof Float || value instanceof Double) {
      json.writeNumber(((Number) value).doubleValue());
    } else if (value instanceof ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      json.writeString(Base64.getEncoder().encodeToString(copy));
    } else if (value instanceof GenericFixed fixed) {
      json.writeString(Base64.getEncoder().encodeToString(fixed.bytes()));
    } else {
      json.writeString(value.toString());
    }
  }
}
