import type { Socket } from 'node:net'
import type { Random } from '@chaos/faults'
import type { ProxyClock } from '../clock.ts'
import { drawDelayMs, planDelivery } from '../delivery.ts'
import type { Stage } from '../interceptor.ts'
import type { LinkState } from '../link-state.ts'
import type { Waiting } from './chunk-queue.ts'
import { ChunkQueue } from './chunk-queue.ts'
import { resetSocket } from './reset-socket.ts'

/** Delivered in one system call, at most; more than it waits for the next turn. */
const LARGEST_BURST_BYTES = 1024 * 1024

export interface PumpOptions {
  readonly link: LinkState
  readonly clock: ProxyClock
  /** Called only when chance is needed, which for most connections is never. */
  readonly random: () => Random
}

/**
 * Moves bytes, and the end of the stream, from one socket to another as the link's rules say.
 *
 * While no fault is in force and nothing waits, each read is one write and nothing else. Otherwise what arrives joins a
 * queue, of which the head is planned against the rules of the moment: a change of the rules acts on everything that has
 * not been handed to the receiving socket yet. (What has been handed over counts as sent: at most one burst, and only
 * where the receiver is not reading.) An end of the stream, by FIN or RST, queues and is cut like data.
 */
export class Pump {
  readonly link: LinkState
  readonly #clock: ProxyClock
  readonly #random: () => Random
  readonly #queue: ChunkQueue = new ChunkQueue()
  #source: Socket | undefined
  #sink: Socket | undefined
  /** The source may be read: nothing waits for the sink that should not, and the interceptor asks for no pause. */
  #reading = true
  #room = true
  #wanted = true
  #deliveredBytes = 0
  #observer: Pick<Stage, 'delivered'> | undefined
  #freeAtMs = 0
  #cancelTimer: (() => void) | undefined
  /** Something was dropped: the stream has a hole. */
  #holed = false
  #stopped = false

  constructor(options: PumpOptions) {
    this.link = options.link
    this.#clock = options.clock
    this.#random = options.random
  }

  get holed(): boolean {
    return this.#holed
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Bytes handed to the sink so far. */
  get deliveredBytes(): number {
    return this.#deliveredBytes
  }

  /** True while a read would be written on at once, so that its buffer may be read into again. */
  get passesThrough(): boolean {
    return !this.link.faulted && this.#queue.length === 0 && this.#sink !== undefined
  }

  /** More waits than the sink takes at the moment, so that the source is stopped. */
  get congested(): boolean {
    return !this.#room
  }

  /** Tells of every byte that is handed to the sink. */
  observe(observer: Pick<Stage, 'delivered'>): void {
    this.#observer = observer
  }

  /** From here bytes come; `receive` and the rest are called by whoever listens to it. */
  setSource(source: Socket): void {
    this.#source = source
    if (!this.#reading) source.pause()
  }

  /** To here bytes go, from now on: a socket that is connected. */
  setSink(sink: Socket): void {
    this.#sink = sink
    sink.on('drain', () => {
      if (this.#queue.length > 0) this.#advance()
      else {
        this.#setRoom(true)
        this.#observer?.delivered(this.#deliveredBytes)
      }
    })
    this.rulesChanged()
  }

  /** Takes bytes over. The memory may be used again where the answer is true. */
  receive(bytes: Buffer): boolean {
    const { link } = this
    link.bytes += bytes.length
    link.chunks++
    const sink = this.#sink
    if (!link.faulted && this.#queue.length === 0 && sink !== undefined) {
      if (!sink.writable) return true
      if (!sink.write(bytes) && sink.writableNeedDrain && sink.writableLength > 0) this.#setRoom(false)
      this.#deliveredBytes += bytes.length
      this.#observer?.delivered(this.#deliveredBytes)
      return sink.writableLength === 0
    }
    this.#enqueue(bytes)
    return false
  }

  end(): void {
    if (this.passesThrough) this.#sink?.end()
    else this.#enqueue('end')
  }

  /** The source is gone, by RST or by whatever else is not an orderly end. */
  reset(): void {
    if (this.passesThrough && this.#sink !== undefined) resetSocket(this.#sink)
    else this.#enqueue('reset')
  }

  /** Asks the source to stop, or go on as far as there is room. */
  setWanted(wanted: boolean): void {
    this.#wanted = wanted
    this.#setReading(this.#room && wanted)
  }

  rulesChanged(): void {
    // A stream with a hole may not go on; its receiver learns of it as soon as the link carries anything again.
    if (this.#holed && this.link.rules.cut === 'none' && this.#sink !== undefined) resetSocket(this.#sink)
    this.#advance()
  }

  /** Both sockets are gone, or about to go: forgets what waits. */
  stop(): void {
    this.#stopped = true
    this.#disarm()
    this.#queue.clear()
  }

  #enqueue(content: Waiting['content']): void {
    if (this.#stopped) return
    this.link.hit()
    this.#queue.push(content, this.#clock.nowMs())
    // With others before it, a timer, a drain or a change of the rules will get to it.
    if (this.#queue.length === 1 || this.link.rules.cut === 'drop') this.#advance()
    else this.#governReading()
  }

  #advance(): void {
    if (this.#stopped) return
    this.#disarm()
    const before = this.#deliveredBytes
    this.#deliverWhatIsDue()
    this.#governReading()
    if (this.#deliveredBytes > before) this.#observer?.delivered(this.#deliveredBytes)
  }

  #deliverWhatIsDue(): void {
    const sink = this.#sink
    const nowMs = this.#clock.nowMs()
    let burstBytes = 0
    for (;;) {
      const head = this.#queue.head()
      if (head === undefined) break
      const delivery = this.#plan(head, nowMs)
      if (delivery.kind === 'hold') break
      if (delivery.kind === 'drop') {
        this.#dropAll()
        break
      }
      if (sink === undefined) break
      if (!sink.writable) {
        this.#discardForDeadSink(sink)
        break
      }
      if (delivery.atMs > nowMs) {
        this.#arm(delivery.atMs - nowMs)
        break
      }
      const isBytes = typeof head.content !== 'string'
      if (isBytes && burstBytes === 0 && sink.writableNeedDrain) break
      if (burstBytes >= LARGEST_BURST_BYTES) break
      const content = this.#queue.take(delivery.sizeBytes)
      this.#freeAtMs = delivery.freeAtMs
      if (typeof content !== 'string') {
        if (burstBytes === 0) sink.cork()
        burstBytes += content.length
        sink.write(content)
        this.#deliveredBytes += content.length
        continue
      }
      if (burstBytes > 0) sink.uncork()
      burstBytes = 0
      if (content === 'end') sink.end()
      else resetSocket(sink)
    }
    if (burstBytes > 0) sink?.uncork()
  }

  #plan(head: Waiting, nowMs: number): ReturnType<typeof planDelivery> {
    const { rules } = this.link
    if (head.rules !== rules) {
      head.rules = rules
      head.delayMs = drawDelayMs(rules, this.#random)
    }
    const sizeBytes = typeof head.content === 'string' ? 0 : head.content.length - head.offset
    return planDelivery(
      rules,
      { sizeBytes, arrivedAtMs: head.arrivedAtMs, delayMs: head.delayMs },
      this.#freeAtMs,
      nowMs,
    )
  }

  #dropAll(): void {
    this.#holed = true
    this.link.droppedBytes += this.#queue.bytes
    this.#queue.clear()
  }

  /** The receiver is gone or was told that no more comes; only an RST can still matter to it. */
  #discardForDeadSink(sink: Socket): void {
    if (this.#queue.endsInReset) resetSocket(sink)
    this.#queue.clear()
  }

  /** Back-pressure: stops the sender when enough waits here, or when the receiver is behind and nothing needs to wait. */
  #governReading(): void {
    const sink = this.#sink
    const congested = sink?.writable === true && sink.writableNeedDrain
    this.#setRoom(this.#queue.length === 0 ? !congested : this.#queue.memoryBytes < this.link.queueLimitBytes)
  }

  #setRoom(room: boolean): void {
    this.#room = room
    this.#setReading(room && this.#wanted)
  }

  #setReading(reading: boolean): void {
    if (reading === this.#reading) return
    this.#reading = reading
    if (reading) this.#source?.resume()
    else this.#source?.pause()
  }

  #arm(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = undefined
      this.#advance()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
