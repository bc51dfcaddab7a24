// Records of ZooKeeper's protocol: big-endian numbers, and texts and bytes after their length.
// https://github.com/apache/zookeeper/blob/branch-3.8/zookeeper-jute/src/main/resources/zookeeper.jute

/** Writes an integer. The members of a record follow each other without separators. */
export const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export const boolean = (value: boolean): Buffer => Buffer.from([value ? 1 : 0])

export const bytes = (value: Buffer): Buffer => Buffer.concat([int(value.length), value])

export const text = (value: string): Buffer => bytes(Buffer.from(value))

/** Reads the members of a record in order. Reading past its end throws a RangeError. */
export interface RecordReader {
  int(): number
  long(): bigint
  boolean(): boolean
  /** Reads a length, and then that many bytes; none for a negative length, which means null. */
  bytes(): Buffer
  text(): string
}

export function recordReader(record: Buffer): RecordReader {
  let at = 0
  const passing = (size: number): number => {
    at += size
    return at - size
  }
  const reader: RecordReader = {
    int: () => record.readInt32BE(passing(4)),
    long: () => record.readBigInt64BE(passing(8)),
    boolean: () => record.readInt8(passing(1)) !== 0,
    bytes() {
      const size = Math.max(0, reader.int())
      const start = passing(size)
      if (at > record.length)
        throw new RangeError(`${size} bytes are announced, and ${record.length - start} are there`)
      return record.subarray(start, at)
    },
    text: () => reader.bytes().toString(),
  }
  return reader
}
