import { FrameReader, type FrameSink } from '@chaosproxy/wire'
import {
  createHttp2Scanner,
  FLAG,
  framesOf,
  HEADER_BYTES,
  HeaderBlockJoiner,
  hasFlag,
  isHeaderPart,
  type PlainBlock,
  PREFACE,
  streamOf,
  typeOf,
  withTableSizes,
} from '@chaosproxy/wire/http2'
import type { Exit } from '../interceptor/interceptor.ts'
import { Run } from '../interceptor/run.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { StreamRule } from './stream-rule.ts'

/** The largest frame that the three-byte length allows. Most implementations stay within 16 KiB (RFC 9113 §4.2). */
const MAX_FRAME_BYTES = 2 ** 24 - 1 + HEADER_BYTES
/**
 * The most bytes held in a direction of a connection. Beyond the limit, the sender is stopped until some bytes have
 * passed.
 */
const MOST_HELD_BYTES = 16 * 1024 * 1024

/** The decision about a frame, which is made when the frame arrives. */
export interface FramePlan {
  readonly delayMs: number
  readonly delayedBy: readonly StreamRule[]
  /** The bytes passed on in place of the frame; may be empty. */
  readonly instead?: Buffer | undefined
  readonly then: (() => void) | undefined
}

export interface Http2FlowOptions {
  readonly direction: 'requests' | 'responses'
  readonly exit: Exit
  readonly clock: ProxyClock
  /**
   * Called with each frame or whole header block that arrives. If it returns undefined, the frame is passed on
   * unchanged.
   */
  readonly plan: (frame: Buffer) => FramePlan | undefined
  /** Encodes the last planned header block so that it can be sent out of order. */
  readonly plain: (block: Buffer) => PlainBlock | undefined
  /** Called when the receiver could not decode further blocks, because it got blocks out of order. */
  readonly undecodable: () => void
  readonly received: (frame: Buffer) => Buffer
  /** Changes a frame's stream number to the receiver's. */
  readonly translated: (frame: Buffer) => Buffer
  /** Called just before a frame is passed on; false drops the frame. */
  readonly mayPass: (frame: Buffer) => boolean
  /** Called with each passed frame and its offset in all bytes of the direction. */
  readonly passed: ((frame: Buffer, startByte: number) => void) | undefined
  readonly recognised: (isHttp2: boolean) => void
}

interface Held {
  readonly frame: Buffer
  readonly stream: number
  readonly delayedBy: readonly StreamRule[]
  readonly then: (() => void) | undefined
  dueAtMs: number
}

export class Http2Flow implements FrameSink {
  readonly #options: Http2FlowOptions
  readonly #reader: FrameReader
  readonly #run: Run
  readonly #joiner: HeaderBlockJoiner = new HeaderBlockJoiner()
  #held: Held[] = []
  #heldBytes = 0
  /** The number of held frames by stream. Later frames of a stream wait behind them. */
  readonly #heldStreams: Map<number, number> = new Map()
  #injected: Buffer[] = []
  #inHeaderBlock = false
  /** Whether header blocks are now encoded without the shared table, so that they can be reordered. */
  #isPlain = false
  /** Encoded size updates of the HPACK dynamic table. The next header block must begin with them. */
  #tableSizes: Buffer = Buffer.alloc(0)
  #ending: 'end' | 'reset' | undefined
  #cancelTimer: (() => void) | undefined
  #reading = true
  #stopped = false
  #passedBytes = 0
  #over = false

  constructor(options: Http2FlowOptions) {
    this.#options = options
    this.#run = new Run(options.exit)
    this.#reader = new FrameReader({
      scanner: createHttp2Scanner(options.direction),
      maxFrameBytes: MAX_FRAME_BYTES,
    })
  }

  /** Whether header blocks are now encoded so that they can be reordered. */
  get isPlain(): boolean {
    return this.#isPlain
  }

  receive(bytes: Buffer): boolean {
    this.#reader.read(bytes, this)
    this.#run.flush()
    return this.#run.takeFree()
  }

  skim(bytes: Buffer): boolean {
    this.#reader.skim(bytes)
    this.#passedBytes += bytes.length
    return this.#options.exit.pass(bytes)
  }

  finish(ending: 'end' | 'reset'): void {
    this.#passUnfinished()
    this.#reader.release(this)
    this.#run.flush()
    this.#ending = ending
    this.#advance()
  }

  frame(bytes: Buffer): void {
    if (this.#options.direction === 'requests' && bytes.equals(PREFACE)) {
      this.#options.recognised(true)
      this.#add(bytes)
      return
    }
    const joined = this.#joiner.join(bytes)
    if (joined === undefined) return
    const frame = this.#options.received(joined)
    const plan = this.#options.plan(frame)
    const sent = isHeaderPart(typeOf(frame)) ? this.#independent(frame, plan) : frame
    if (plan !== undefined || this.#mustWait(sent)) this.#hold(plan?.instead ?? sent, streamOf(sent), plan)
    else this.#pass(sent)
  }

  /** Encodes a header block so that it can be reordered, if necessary. */
  #independent(frame: Buffer, plan: FramePlan | undefined): Buffer {
    const isLost = plan?.instead !== undefined
    if (!this.#isPlain && (plan?.delayMs ?? 0) === 0 && !isLost) return frame
    const plain = this.#options.plain(frame)
    if (plain === undefined) {
      if (this.#isPlain || isLost) this.#options.undecodable()
      return frame
    }
    this.#isPlain = true
    if (plain.tableSizes.length > 0) this.#tableSizes = Buffer.concat([this.#tableSizes, plain.tableSizes])
    return plain.block
  }

  loose(bytes: Buffer, last: boolean): void {
    // The framing breaks only if the connection does not begin with the HTTP/2 preface. Then no earlier bytes are held,
    // so these bytes can pass immediately.
    if (!this.#reader.framed) this.#options.recognised(false)
    this.#add(bytes)
    if (last) this.#passInjected()
  }

  inject(frame: Buffer): void {
    if (this.#over) return
    this.#injected.push(frame)
    this.#passInjected()
    this.#run.flush()
  }

  heal(rule: StreamRule): void {
    const nowMs = this.#options.clock.nowMs()
    for (const held of this.#held)
      if (held.delayedBy.length > 0 && held.delayedBy.every((other) => other === rule)) held.dueAtMs = nowMs
    this.#advance()
  }

  setStopped(stopped: boolean): void {
    this.#stopped = stopped
    this.#govern()
  }

  stop(): void {
    this.#over = true
    this.#cancelTimer?.()
    this.#held = []
    this.#injected = []
  }

  /** Passes on an incomplete header block. */
  #passUnfinished(): void {
    const unfinished = this.#joiner.take()
    if (unfinished.length === 0) return
    if (this.#mustWait(unfinished)) this.#hold(unfinished, streamOf(unfinished), undefined)
    else this.#pass(unfinished)
  }

  /**
   * Whether a frame must wait. Frames of the same stream stay in order, and so do header blocks that share a header
   * table.
   */
  #mustWait(frame: Buffer): boolean {
    if (this.#held.length === 0) return false
    return (!this.#isPlain && isHeaderPart(typeOf(frame))) || this.#heldStreams.has(streamOf(frame))
  }

  #hold(frame: Buffer, stream: number, plan: FramePlan | undefined): void {
    const { delayMs = 0, delayedBy = [], then } = plan ?? {}
    const dueAtMs = this.#options.clock.nowMs() + delayMs
    this.#held.push({ frame: Buffer.from(frame), stream, delayedBy, then, dueAtMs })
    this.#heldBytes += frame.length
    this.#heldStreams.set(stream, (this.#heldStreams.get(stream) ?? 0) + 1)
    this.#advance()
  }

  #advance(): void {
    if (this.#over) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const nowMs = this.#options.clock.nowMs()
    const waiting: Held[] = []
    const behind = new Set<number>()
    for (const held of this.#held.splice(0)) {
      const { frame, stream, then, dueAtMs } = held
      const isBlocked = behind.has(stream) || (!this.#isPlain && waiting.length > 0 && isHeaderPart(typeOf(frame)))
      if (dueAtMs > nowMs || isBlocked) {
        waiting.push(held)
        behind.add(stream)
        continue
      }
      this.#heldBytes -= frame.length
      const left = (this.#heldStreams.get(stream) ?? 1) - 1
      if (left === 0) this.#heldStreams.delete(stream)
      else this.#heldStreams.set(stream, left)
      if (frame.length > 0) this.#pass(frame)
      then?.()
    }
    this.#held = [...waiting, ...this.#held]
    this.#run.flush()
    this.#govern()
    const nextAtMs = this.#held.reduce(
      (earliest, { dueAtMs }) => (dueAtMs > nowMs ? Math.min(earliest, dueAtMs) : earliest),
      Number.POSITIVE_INFINITY,
    )
    if (nextAtMs < Number.POSITIVE_INFINITY)
      this.#cancelTimer = this.#options.clock.after(nextAtMs - nowMs, () => this.#advance())
    else if (this.#ending !== undefined) this.#options.exit[this.#ending]()
  }

  #pass(frame: Buffer): void {
    if (isHeaderPart(typeOf(frame)))
      this.#inHeaderBlock = framesOf(frame).every((part) => !hasFlag(part, FLAG.endHeaders))
    if (this.#options.mayPass(frame)) {
      const sent = this.#tableSizes.length > 0 && isHeaderPart(typeOf(frame)) ? this.#withTableSizes(frame) : frame
      this.#options.passed?.(sent, this.#passedBytes)
      this.#add(this.#options.translated(sent))
    }
    this.#passInjected()
  }

  #withTableSizes(block: Buffer): Buffer {
    const sizes = this.#tableSizes
    this.#tableSizes = Buffer.alloc(0)
    return withTableSizes(block, sizes)
  }

  #add(bytes: Buffer): void {
    this.#passedBytes += bytes.length
    this.#run.add(bytes)
  }

  #passInjected(): void {
    // Each side begins with SETTINGS, which no frame may precede (RFC 9113 §3.4).
    const begun = this.#reader.messages > 0
    if (!begun || this.#inHeaderBlock || this.#reader.inParts) return
    for (const frame of this.#injected) this.#add(this.#options.translated(frame))
    this.#injected = []
  }

  #govern(): void {
    const reading = !this.#stopped && this.#heldBytes < MOST_HELD_BYTES
    if (reading === this.#reading) return
    this.#reading = reading
    this.#options.exit.setReading(reading)
  }
}
