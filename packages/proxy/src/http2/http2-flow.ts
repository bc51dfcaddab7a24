import type { ProxyClock } from '../clock.ts'
import { FrameReader, type FrameSink } from '../framing/frame-reader.ts'
import { Run } from '../framing/run.ts'
import type { Exit } from '../interceptor.ts'
import { FLAG, framesOf, HEADER_BYTES, hasFlag, isHeaderPart, PREFACE, streamOf, typeOf } from './frames.ts'
import { HeaderBlockJoiner } from './header-blocks.ts'
import { createHttp2Scanner } from './http2-scanner.ts'
import type { StreamRule } from './stream-rule.ts'

/** What three bytes of length allow; 16 KiB is what nearly everyone keeps to (RFC 9113 §4.2). */
const MAX_FRAME_BYTES = 2 ** 24 - 1 + HEADER_BYTES
/** In memory for one direction of one connection; beyond it, the sender is stopped until something has gone on. */
const MOST_HELD_BYTES = 16 * 1024 * 1024

/** What is decided of a frame as it comes. */
export interface FramePlan {
  readonly delayMs: number
  readonly delayedBy: readonly StreamRule[]
  /** Once it has gone on. */
  readonly then: (() => void) | undefined
}

export interface Http2FlowOptions {
  readonly direction: 'requests' | 'responses'
  readonly exit: Exit
  readonly clock: ProxyClock
  /** Asked of each frame, or whole header block, as it comes; undefined where nothing is to be done about it. */
  readonly plan: (frame: Buffer) => FramePlan | undefined
  /** Asked of each of them as it is about to go on: false where it must not. */
  readonly mayPass: (frame: Buffer) => boolean
  /** Told of each of them as it goes on: where it begins in all that goes on in this direction. */
  readonly passed: ((frame: Buffer, startByte: number) => void) | undefined
  /** It turned out to be HTTP/2, or not. */
  readonly recognised: (isHttp2: boolean) => void
}

interface Held {
  readonly frame: Buffer
  readonly stream: number
  readonly delayedBy: readonly StreamRule[]
  readonly then: (() => void) | undefined
  dueAtMs: number
}

/** One direction of a connection of HTTP/2, frame by frame. */
export class Http2Flow implements FrameSink {
  readonly #options: Http2FlowOptions
  readonly #reader: FrameReader
  readonly #run: Run
  readonly #joiner: HeaderBlockJoiner = new HeaderBlockJoiner()
  #held: Held[] = []
  #heldBytes = 0
  /** How many frames of each stream are held: what follows of it waits behind them. */
  readonly #heldStreams: Map<number, number> = new Map()
  /** Frames of our own, for when a header block, or a frame that comes in parts, is through. */
  #injected: Buffer[] = []
  #inHeaderBlock = false
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

  receive(bytes: Buffer): boolean {
    this.#reader.read(bytes, this)
    this.#run.flush()
    return this.#run.takeFree()
  }

  /** Passes bytes on without looking at what they are, and still knows where frames end. */
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
    const frame = this.#joiner.join(bytes)
    if (frame === undefined) return
    const plan = this.#options.plan(frame)
    if (plan !== undefined || this.#mustWait(frame)) this.#hold(frame, plan)
    else this.#pass(frame)
  }

  loose(bytes: Buffer, last: boolean): void {
    if (!this.#reader.framed) {
      this.#passUnfinished()
      this.releaseAll()
      this.#options.recognised(false)
    }
    this.#add(bytes)
    if (last) this.#passInjected()
  }

  /** Slips in a frame, as soon as that is allowed. */
  inject(frame: Buffer): void {
    if (this.#over) return
    this.#injected.push(frame)
    this.#passInjected()
    this.#run.flush()
  }

  /** What is delayed by this rule alone goes on. */
  heal(rule: StreamRule): void {
    const nowMs = this.#options.clock.nowMs()
    for (const held of this.#held)
      if (held.delayedBy.length > 0 && held.delayedBy.every((other) => other === rule)) held.dueAtMs = nowMs
    this.#advance()
  }

  /** What is held goes on, whatever it waits for. */
  releaseAll(): void {
    for (const held of this.#held) held.dueAtMs = 0
    this.#advance()
  }

  /** Asks the sender to stop, or go on as far as there is room. */
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

  /** Of a header block; nothing can be decided about it any more. */
  #passUnfinished(): void {
    const unfinished = this.#joiner.take()
    if (unfinished.length === 0) return
    if (this.#mustWait(unfinished)) this.#hold(unfinished, undefined)
    else this.#pass(unfinished)
  }

  /** Header blocks keep their order, and frames of a stream theirs. */
  #mustWait(frame: Buffer): boolean {
    if (this.#held.length === 0) return false
    return isHeaderPart(typeOf(frame)) || this.#heldStreams.has(streamOf(frame))
  }

  #hold(frame: Buffer, plan: FramePlan | undefined): void {
    const stream = streamOf(frame)
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
    let passed = 0
    for (const { frame, stream, then, dueAtMs } of this.#held) {
      if (dueAtMs > nowMs) break
      passed++
      this.#heldBytes -= frame.length
      const left = (this.#heldStreams.get(stream) ?? 1) - 1
      if (left === 0) this.#heldStreams.delete(stream)
      else this.#heldStreams.set(stream, left)
      this.#pass(frame)
      then?.()
    }
    this.#held.splice(0, passed)
    this.#run.flush()
    this.#govern()
    const [next] = this.#held
    if (next !== undefined) this.#cancelTimer = this.#options.clock.after(next.dueAtMs - nowMs, () => this.#advance())
    else if (this.#ending !== undefined) this.#options.exit[this.#ending]()
  }

  #pass(frame: Buffer): void {
    if (isHeaderPart(typeOf(frame)))
      this.#inHeaderBlock = framesOf(frame).every((part) => !hasFlag(part, FLAG.endHeaders))
    if (this.#options.mayPass(frame)) {
      this.#options.passed?.(frame, this.#passedBytes)
      this.#add(frame)
    }
    this.#passInjected()
  }

  #add(bytes: Buffer): void {
    this.#passedBytes += bytes.length
    this.#run.add(bytes)
  }

  #passInjected(): void {
    // Each side begins with its settings, and nothing may come before them (RFC 9113 §3.4).
    const begun = this.#reader.messages > 0
    if (!begun || this.#inHeaderBlock || this.#reader.inParts) return
    for (const frame of this.#injected) this.#add(frame)
    this.#injected = []
  }

  #govern(): void {
    const reading = !this.#stopped && this.#heldBytes < MOST_HELD_BYTES
    if (reading === this.#reading) return
    this.#reading = reading
    this.#options.exit.setReading(reading)
  }
}
