import type { Nanos } from '@chaosproxy/history'
import { type MessageParser, type RequestHead, type ResponseHead, STEP } from '@chaosproxy/wire/http'
import type { Gate } from './gate.ts'
import type { MessageIntake } from './message-intake.ts'

/** The parts that together read one direction of a connection. */
export interface ChunkParts<Head extends RequestHead | ResponseHead> {
  readonly parser: MessageParser<Head>
  readonly intake: MessageIntake
  readonly gate: Gate
}

/** The actions for the parts of a chunk. Offsets are within the chunk, which arrived at `time`. */
export interface ChunkSteps {
  /** A head is complete. It began at `stepAt`, or earlier if a chunk boundary splits the head. */
  head(bytes: Buffer, stepAt: number, time: Nanos): void
  /** A piece of a message's content. */
  data(bytes: Buffer, start: number, end: number): void
  /** The chunk ends in the middle of a head. */
  cutHead(bytes: Buffer, stepAt: number, time: Nanos): void
  end(bytes: Buffer, time: Nanos): void
  /** The bytes from `stepAt` on are not HTTP. */
  malformed(bytes: Buffer, stepAt: number, time: Nanos): void
  /** Whether the rest of the connection is no longer HTTP, so that reading stops. */
  isOver(): boolean
}

/** Reads a chunk message by message, up to the end of the chunk or up to bytes that have to wait. */
export function readChunk<Head extends RequestHead | ResponseHead>(
  { parser, intake, gate }: ChunkParts<Head>,
  steps: ChunkSteps,
  bytes: Buffer,
  time: Nanos,
): void {
  intake.beginChunk()
  for (let at = 0; ; ) {
    const stepAt = at
    const step = parser.read(bytes, at)
    at = parser.offset
    if (step === STEP.data) steps.data(bytes, parser.dataAt, at)
    else if (step === STEP.head) steps.head(bytes, stepAt, time)
    else if (step === STEP.end) steps.end(bytes, time)
    else {
      if (step === STEP.malformed) steps.malformed(bytes, stepAt, time)
      else if (parser.isCut) steps.cutHead(bytes, stepAt, time)
      return
    }
    if (gate.closed) {
      // The rest is put back even if it is empty: if the waiting head belongs to a message without a body, that message
      // must still end.
      gate.putBack(bytes.subarray(at))
      intake.skip(bytes.length)
      return
    }
    if (steps.isOver()) return
  }
}
