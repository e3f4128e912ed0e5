import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * One timer for each customer, set anew by each event. A store in the order of the due times is read once a second of
 * stream time, from where the last reading ended; a timer that should have fired between two readings fires when its
 * customer comes again. So what fires does not depend on when the store is read. Events in order are relied on: no
 * timer is set before the end of the last reading.
 */
final class Timers implements Processor<String, Event, String, Result> {
  static final String DUE = "due";
  static final String BY_CUSTOMER = "due-by-customer";
  private static final byte[] NOTHING = new byte[0];

  private final long waitMs;
  private ProcessorContext<String, Result> context;
  private KeyValueStore<Bytes, byte[]> due;
  private KeyValueStore<String, Long> byCustomer;
  private long streamTimeMs = -1;
  /** Everything due until here has fired; a restart looks from the beginning once. */
  private long firedUntilMs = 0;

  Timers(long waitMs) {
    this.waitMs = waitMs;
  }

  @Override
  public void init(ProcessorContext<String, Result> given) {
    context = given;
    due = given.getStateStore(DUE);
    byCustomer = given.getStateStore(BY_CUSTOMER);
    given.schedule(Duration.ofSeconds(1), PunctuationType.STREAM_TIME, this::fireDue);
  }

  @Override
  public void process(Record<String, Event> record) {
    String customer = record.key();
    Long before = byCustomer.get(customer);
    if (before != null) {
      due.delete(dueKey(before, customer));
      if (before <= streamTimeMs) fire(customer, before);
    }
    long at = record.timestamp() + waitMs;
    due.put(dueKey(at, customer), NOTHING);
    byCustomer.put(customer, at);
    streamTimeMs = Math.max(streamTimeMs, record.timestamp());
  }

  private void fireDue(long nowMs) {
    try (KeyValueIterator<Bytes, byte[]> entries = due.range(dueKey(firedUntilMs, ""), dueKey(nowMs + 1, ""))) {
      while (entries.hasNext()) {
        KeyValue<Bytes, byte[]> entry = entries.next();
        byte[] key = entry.key.get();
        String customer = new String(key, Long.BYTES, key.length - Long.BYTES, StandardCharsets.UTF_8);
        due.delete(entry.key);
        byCustomer.delete(customer);
        fire(customer, ByteBuffer.wrap(key).getLong());
      }
    }
    firedUntilMs = nowMs;
  }

  private void fire(String customer, long at) {
    context.forward(new Record<>(customer, new Result(customer, "", "", 0, at, 0), Math.max(0, at)));
  }

  private static Bytes dueKey(long at, String customer) {
    byte[] name = customer.getBytes(StandardCharsets.UTF_8);
    return Bytes.wrap(ByteBuffer.allocate(Long.BYTES + name.length).putLong(at).put(name).array());
  }
}
