import java.io.IOException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;

/** What goes out; the fields in the order of the schema `zhongtai.bench.Result`. */
record Result(String customer, String left, String right, long number, long eventTime, long until) {
  static Result read(BinaryDecoder in) throws IOException {
    return new Result(
        in.readString(), in.readString(), in.readString(), in.readLong(), in.readLong(), in.readLong());
  }

  static void write(BinaryEncoder out, Result result) throws IOException {
    out.writeString(result.customer);
    out.writeString(result.left);
    out.writeString(result.right);
    out.writeLong(result.number);
    out.writeLong(result.eventTime);
    out.writeLong(result.until);
  }

  static Result joined(Event left, Event right) {
    return new Result(
        left.customer(),
        left.eventId(),
        right.eventId(),
        left.amountCents() + right.amountCents(),
        Math.max(left.eventTime(), right.eventTime()),
        0);
  }
}
