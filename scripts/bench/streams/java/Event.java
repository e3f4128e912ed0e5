import java.io.IOException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;

/** What comes in; the fields in the order of the schema `zhongtai.bench.Event`. */
record Event(
    String eventId,
    String eventType,
    long eventTime,
    long ingestTime,
    String source,
    String customer,
    String store,
    String order,
    long amountCents,
    String currency,
    boolean isTest,
    String session,
    String note) {

  static Event read(BinaryDecoder in) throws IOException {
    return new Event(
        in.readString(),
        in.readString(),
        in.readLong(),
        in.readLong(),
        in.readString(),
        in.readString(),
        in.readString(),
        in.readString(),
        in.readLong(),
        in.readString(),
        in.readBoolean(),
        readNullable(in),
        in.readString());
  }

  private static String readNullable(BinaryDecoder in) throws IOException {
    if (in.readIndex() == 1) return in.readString();
    in.readNull();
    return null;
  }

  static void write(BinaryEncoder out, Event event) throws IOException {
    out.writeString(event.eventId);
    out.writeString(event.eventType);
    out.writeLong(event.eventTime);
    out.writeLong(event.ingestTime);
    out.writeString(event.source);
    out.writeString(event.customer);
    out.writeString(event.store);
    out.writeString(event.order);
    out.writeLong(event.amountCents);
    out.writeString(event.currency);
    out.writeBoolean(event.isTest);
    out.writeIndex(event.session == null ? 0 : 1);
    if (event.session != null) out.writeString(event.session);
    out.writeString(event.note);
  }

  /** What the case `map` does with each event. */
  Event taxed() {
    return new Event(
        eventId,
        "sale_taxed",
        eventTime,
        ingestTime,
        source,
        customer,
        store,
        order,
        Math.floorDiv(amountCents * 105, 100),
        currency,
        isTest,
        session,
        note);
  }
}
