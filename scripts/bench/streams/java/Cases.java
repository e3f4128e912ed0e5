import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;

/** The bench's cases as a user of Kafka Streams would write them, tuned where that changes nothing of the output. */
final class Cases {
  private final Serde<Event> events;
  private final Serde<Result> results;
  private final List<String> inputs;
  private final String output;
  private final Settings settings;
  private final StreamsBuilder builder = new StreamsBuilder();

  Cases(Settings settings) {
    this.settings = settings;
    events = Framing.serde(settings.number("eventSchema"), Event::read, Event::write);
    results = Framing.serde(settings.number("resultSchema"), Result::read, Result::write);
    inputs = List.of(settings.text("in").split(","));
    output = settings.text("out");
  }

  Topology named(String name) {
    switch (name) {
      case "map" ->
          stream(0).mapValues(Event::taxed).to(output, Produced.with(Serdes.String(), events));
      case "count" -> count();
      case "join" -> windowJoin();
      case "table" -> tableJoin();
      case "sessions" -> sessions();
      case "timers" -> timers();
      default -> throw new IllegalArgumentException("no case is called " + name);
    }
    return builder.build();
  }

  private KStream<String, Event> stream(int input) {
    return builder.stream(inputs.get(input), Consumed.with(Serdes.String(), events));
  }

  private void emit(KStream<String, Result> stream) {
    stream.to(output, Produced.with(Serdes.String(), results));
  }

  /** Each event gives the new count; the cache lets only the last of a commit into the changelog. */
  private void count() {
    var store = Stores.persistentKeyValueStore("counts");
    builder.addStateStore(
        Stores.keyValueStoreBuilder(store, Serdes.String(), Serdes.Long()).withCachingEnabled());
    emit(stream(0).process(Counter::new, "counts"));
  }

  private void windowJoin() {
    var windows =
        JoinWindows.ofTimeDifferenceAndGrace(
            Duration.ofMillis(settings.number("windowMs")), Duration.ofMillis(settings.number("graceMs")));
    emit(stream(0).join(stream(1), Result::joined, windows, StreamJoined.with(Serdes.String(), events, events)));
  }

  private void tableJoin() {
    KTable<String, Event> table = builder.table(inputs.get(1), Consumed.with(Serdes.String(), events));
    emit(stream(0).join(table, Result::joined, Joined.with(Serdes.String(), events, events)));
  }

  private void sessions() {
    var windows =
        SessionWindows.ofInactivityGapAndGrace(
            Duration.ofMillis(settings.number("gapMs")), Duration.ofMillis(settings.number("sessionGraceMs")));
    // Closed sessions are looked for once a second of the clock, when a replay may be hours further: kept until then.
    Materialized<String, Long, SessionStore<Bytes, byte[]>> kept =
        Materialized.<String, Long, SessionStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long())
            .withRetention(Duration.ofHours(6));
    KStream<String, Result> closed =
        stream(0)
            .groupByKey(Grouped.with(Serdes.String(), events))
            .windowedBy(windows)
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(kept)
            .toStream()
            .map(
                (session, count) ->
                    KeyValue.pair(
                        session.key(),
                        new Result(
                            session.key(), "", "", count, session.window().start(), session.window().end())));
    emit(closed);
  }

  private void timers() {
    builder.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(Timers.DUE), Serdes.Bytes(), Serdes.ByteArray())
            .withCachingEnabled());
    builder.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(Timers.BY_CUSTOMER), Serdes.String(), Serdes.Long())
            .withCachingEnabled());
    long waitMs = settings.number("waitMs");
    emit(stream(0).process(() -> new Timers(waitMs), Timers.DUE, Timers.BY_CUSTOMER));
  }

  private static final class Counter implements Processor<String, Event, String, Result> {
    private ProcessorContext<String, Result> context;
    private KeyValueStore<String, Long> counts;

    @Override
    public void init(ProcessorContext<String, Result> given) {
      context = given;
      counts = given.getStateStore("counts");
    }

    @Override
    public void process(Record<String, Event> record) {
      Long before = counts.get(record.key());
      long count = before == null ? 1 : before + 1;
      counts.put(record.key(), count);
      Event event = record.value();
      context.forward(
          record.withValue(new Result(record.key(), event.eventId(), "", count, event.eventTime(), 0)));
    }
  }
}
