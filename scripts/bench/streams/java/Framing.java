import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Avro behind a zero byte and the registry's id, field by field as Avro's generated classes do it: the fastest way
 * that Java's Avro library has. Coders are kept by thread.
 */
final class Framing {
  interface Read<T> {
    T from(BinaryDecoder in) throws IOException;
  }

  interface Write<T> {
    void to(BinaryEncoder out, T value) throws IOException;
  }

  private static final int FRAME_BYTES = 5;

  private static final class Coder {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    BinaryEncoder encoder;
    BinaryDecoder decoder;
  }

  private static final ThreadLocal<Coder> CODER = ThreadLocal.withInitial(Coder::new);

  static <T> Serde<T> serde(int schemaId, Read<T> read, Write<T> write) {
    byte[] frame = ByteBuffer.allocate(FRAME_BYTES).put((byte) 0).putInt(schemaId).array();
    Serializer<T> serializer = (topic, value) -> value == null ? null : encode(frame, value, write);
    Deserializer<T> deserializer = (topic, bytes) -> bytes == null ? null : decode(schemaId, bytes, read);
    return Serdes.serdeFrom(serializer, deserializer);
  }

  private static <T> byte[] encode(byte[] frame, T value, Write<T> write) {
    Coder coder = CODER.get();
    coder.bytes.reset();
    coder.bytes.writeBytes(frame);
    try {
      coder.encoder = EncoderFactory.get().binaryEncoder(coder.bytes, coder.encoder);
      write.to(coder.encoder, value);
      coder.encoder.flush();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return coder.bytes.toByteArray();
  }

  private static <T> T decode(int schemaId, byte[] bytes, Read<T> read) {
    int id = ByteBuffer.wrap(bytes).getInt(1);
    if (bytes[0] != 0 || id != schemaId) throw new IllegalArgumentException("schema " + id + " instead of " + schemaId);
    Coder coder = CODER.get();
    try {
      coder.decoder =
          DecoderFactory.get().binaryDecoder(bytes, FRAME_BYTES, bytes.length - FRAME_BYTES, coder.decoder);
      return read.from(coder.decoder);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private Framing() {}
}
