import { FRAME, framesOf, HEADER_BYTES, streamOf, typeOf } from '@chaosproxy/wire/http2'

const MOST_RENUMBERED = 10_000

/**
 * Gives streams their numbers at the server, where streams must be opened in increasing order (RFC 9113 §5.1.1). If two
 * requests change places, they swap their numbers.
 */
export class StreamNumbers {
  /** The client's stream numbers that no stream at the server has yet, in increasing order. */
  readonly #free: number[] = []
  readonly #unopened: Set<number> = new Set()
  #highest = 0
  readonly #atServer: Map<number, number> = new Map()
  readonly #atClient: Map<number, number> = new Map()

  arrived(frame: Buffer): Buffer {
    const stream = streamOf(frame)
    if (typeOf(frame) !== FRAME.headers || stream <= this.#highest) return frame
    this.#highest = stream
    this.#free.push(stream)
    this.#unopened.add(stream)
    return frame
  }

  /** Changes a frame's stream number to the server's. A new stream is opened first. */
  toServer(frame: Buffer): Buffer {
    const stream = streamOf(frame)
    if (typeOf(frame) === FRAME.headers && this.#unopened.delete(stream)) this.#open(stream)
    const number = this.#atServer.get(stream)
    return number === undefined ? frame : renumbered(frame, number)
  }

  toClient(frame: Buffer): Buffer {
    if (this.#atClient.size === 0) return frame
    if (typeOf(frame) === FRAME.goaway) return this.#goawayToClient(frame)
    const number = this.#atClient.get(streamOf(frame))
    return number === undefined ? frame : renumbered(frame, number)
  }

  #open(stream: number): void {
    const number = this.#free.shift() ?? stream
    if (number === stream) return
    this.#atServer.set(stream, number)
    this.#atClient.set(number, stream)
    if (this.#atServer.size <= MOST_RENUMBERED) return
    for (const [oldest, old] of this.#atServer) {
      this.#atServer.delete(oldest)
      this.#atClient.delete(old)
      break
    }
  }

  /** Translates a GOAWAY. No request that may have been processed is reported as unprocessed. */
  #goawayToClient(frame: Buffer): Buffer {
    if (frame.length < HEADER_BYTES + 4) return frame
    const last = frame.readUInt32BE(HEADER_BYTES) & 0x7fffffff
    let highest = this.#atClient.get(last) ?? last
    for (const [number, stream] of this.#atClient) if (number <= last) highest = Math.max(highest, stream)
    const copy = Buffer.from(frame)
    copy.writeUInt32BE(highest, HEADER_BYTES)
    return copy
  }
}

function renumbered(block: Buffer, number: number): Buffer {
  const copy = Buffer.from(block)
  let at = 0
  for (const frame of framesOf(block)) {
    copy.writeUInt32BE(number, at + 5)
    at += frame.length
  }
  return copy
}
