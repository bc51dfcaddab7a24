import type { Nanos } from '@chaosproxy/history'
import { type MessageParser, type RequestHead, type ResponseHead, STEP } from '@chaosproxy/wire/http'
import type { Gate } from './gate.ts'
import type { MessageIntake } from './message-intake.ts'

export interface ChunkParts<Head extends RequestHead | ResponseHead> {
  readonly parser: MessageParser<Head>
  readonly intake: MessageIntake
  readonly gate: Gate
}

export interface ChunkSteps {
  head(bytes: Buffer, stepAt: number, time: Nanos): void
  data(bytes: Buffer, start: number, end: number): void
  cutHead(bytes: Buffer, stepAt: number, time: Nanos): void
  end(bytes: Buffer, time: Nanos): void
  malformed(bytes: Buffer, stepAt: number, time: Nanos): void
  /** Whether the rest of the connection is no longer HTTP. */
  isOver(): boolean
}

/**
 * Reads the messages in a chunk. Stops at the end of the chunk, when `gate` closes, or at bytes that are not HTTP. If
 * `gate` closes, puts back the rest of the chunk, which has to wait.
 */
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
      // Put the rest back even if it is empty. Otherwise a waiting message without a body would never end.
      gate.putBack(bytes.subarray(at))
      intake.skip(bytes.length)
      return
    }
    if (steps.isOver()) return
  }
}
