import java.io.IOException;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * Runs one case with Kafka Streams until it is told to end, or who started it is gone. Says `running` when its tasks
 * are restored.
 */
public final class Bench {
  /** When it happened, as the event tells; the log's own time is that of the arrival. */
  public static final class EventTime implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      return record.value() instanceof Event event ? event.eventTime() : record.timestamp();
    }
  }

  public static void main(String[] arguments) throws IOException {
    Settings settings = new Settings(arguments);
    if (settings.text("case").equals("digest")) {
      Digest.print(settings);
      return;
    }
    KafkaStreams streams =
        new KafkaStreams(new Cases(settings).named(settings.text("case")), properties(settings));
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) System.out.println("running");
          if (now == KafkaStreams.State.ERROR) Runtime.getRuntime().halt(1);
        });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    while (System.in.read() >= 0) continue;
    System.exit(0);
  }

  private static Properties properties(Settings settings) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.text("application"));
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.text("brokers"));
    properties.put(StreamsConfig.STATE_DIR_CONFIG, settings.text("state"));
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, settings.number("commitMs"));
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.number("threads"));
    properties.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, EventTime.class);
    // A static member: after a kill its place in the group is still its own.
    properties.put(
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), settings.text("instance"));
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), settings.number("sessionMs"));
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
        settings.number("sessionMs") / 3);
    return properties;
  }

  private Bench() {}
}
