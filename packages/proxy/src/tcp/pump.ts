import type { Socket } from 'node:net'
import type { ProxyClock } from '../clock.ts'
import type { Delivery, Next, Placed } from '../delivery/plan.ts'
import { carries, cutAt, nextAlarm, passed, planDelivery, transform } from '../delivery/plan.ts'
import type { Ending } from '../delivery/stage.ts'
import type { Stage as Interception } from '../interceptor.ts'
import type { Flow, LinkState } from '../link-state.ts'
import { Backlog } from './backlog.ts'
import type { Waiting } from './chunk-queue.ts'
import { DirectWriter, hasSentAll, isSending } from './direct-io.ts'
import { resetSocket } from './reset-socket.ts'
import { SourceGate } from './source-gate.ts'
import { Wakeup } from './wakeup.ts'

/** Delivered in one system call, at most; more than it waits for the next turn. */
const LARGEST_BURST_BYTES = 1024 * 1024

/** Larger writes often have to wait, and a direct write that waits costs more than the stream does. */
const LARGEST_DIRECT_BYTES = 16 * 1024

/** The connection that a pump is a direction of. */
export interface PumpedConnection {
  /** The address of who dialled. */
  readonly client: string
  readonly acceptedAtMs: number
  /** The faults of this direction changed, all links settled. */
  stagesChanged(): void
  /** Ends both sides in good order. */
  close(): void
  /** Ends both sides by RST, at once. */
  abort(): void
}

/**
 * Moves bytes, and the end of the stream, from one socket to another as the link's faults say.
 *
 * While no fault is in force and nothing waits, each read is one write and nothing else. Otherwise what arrives joins a
 * queue, of which the head is planned against the faults of the moment: a change of the faults acts on everything that
 * has not been handed to the receiving socket yet. (What has been handed over counts as sent: at most one burst, and
 * only where the receiver is not reading.) An end of the stream, by FIN or RST, queues and is cut like data.
 */
export class Pump implements Flow {
  readonly link: LinkState
  readonly connection: PumpedConnection
  readonly #clock: ProxyClock
  readonly #backlog: Backlog = new Backlog()
  readonly #wakeup: Wakeup
  readonly #gate: SourceGate
  #sink: Socket | undefined
  /** Undefined while there is no sink, and for TLS, which has to encrypt first. */
  #direct: DirectWriter | undefined
  #deliveredBytes = 0
  #lostBytes = 0
  #observer: Pick<Interception, 'delivered'> | undefined
  #endingAtRemoval: Ending | undefined
  /** Something was lost: the stream has a hole. */
  #holed = false
  #stopped = false

  constructor(link: LinkState, connection: PumpedConnection, clock: ProxyClock) {
    this.link = link
    this.connection = connection
    this.#clock = clock
    this.#wakeup = new Wakeup(clock, () => this.#advance())
    this.#gate = new SourceGate(clock)
    link.join(this)
  }

  get client(): string {
    return this.connection.client
  }

  get acceptedAtMs(): number {
    return this.connection.acceptedAtMs
  }

  get stages(): readonly Placed[] {
    return this.#backlog.stages
  }

  /** Whether the next byte would be held or lost by a cut. */
  get cut(): 'none' | 'hold' | 'drop' {
    return this.stages.length === 0 ? 'none' : cutAt(this.stages, this.#positionBytes)
  }

  get holed(): boolean {
    return this.#holed
  }

  get waiting(): number {
    return this.#backlog.queue.length
  }

  /** Bytes handed to the sink so far. */
  get deliveredBytes(): number {
    return this.#deliveredBytes
  }

  /** True while a read would be written on at once, so that its buffer may be read into again. */
  get passesThrough(): boolean {
    return this.stages.length === 0 && this.#backlog.queue.length === 0 && this.#sink !== undefined
  }

  /** More waits than the sink takes at the moment, so that the source is stopped. */
  get congested(): boolean {
    return !this.#gate.room
  }

  /** Tells of every byte that is handed to the sink. */
  observe(observer: Pick<Interception, 'delivered'>): void {
    this.#observer = observer
  }

  /** From here bytes come; `receive` and the rest are called by whoever listens to it. */
  setSource(source: Socket): void {
    this.#gate.setSource(source)
  }

  /** To here bytes go, from now on: a socket that is connected. */
  setSink(sink: Socket): void {
    this.#sink = sink
    if (!('encrypted' in sink)) this.#direct = new DirectWriter(sink)
    sink.on('drain', this.#drained)
    this.advance()
  }

  /** Takes bytes over. The memory may be used again where the answer is true. */
  receive(bytes: Buffer): boolean {
    const { link } = this
    link.bytes += bytes.length
    link.chunks++
    const sink = this.#sink
    if (this.stages.length === 0 && this.#backlog.queue.length === 0 && sink !== undefined) {
      if (!sink.writable) return true
      const isSent = this.#write(sink, bytes)
      this.#deliveredBytes += bytes.length
      link.deliveredBytes += bytes.length
      this.#observer?.delivered(this.#deliveredBytes)
      return isSent
    }
    this.#enqueue(bytes)
    return false
  }

  end(): void {
    if (this.passesThrough && this.#sink !== undefined) this.#end(this.#sink)
    else this.#enqueue('end')
  }

  /** The source is gone, by RST or by whatever else is not an orderly end. */
  reset(): void {
    if (this.passesThrough && this.#sink !== undefined) resetSocket(this.#sink)
    else this.#enqueue('reset')
  }

  /** Asks the source to stop, or go on as far as there is room. */
  setWanted(wanted: boolean): void {
    this.#gate.setWanted(wanted)
  }

  setStages(stages: readonly Placed[]): void {
    const removed = this.#backlog.setStages(stages, this.#positionBytes)
    this.#endingAtRemoval ??= removed.find(({ stage }) => stage.atRemoval !== undefined)?.stage.atRemoval
  }

  stagesChanged(): void {
    if (this.#endingAtRemoval !== undefined) {
      this.#endConnection(this.#endingAtRemoval)
      return
    }
    this.advance()
    this.connection.stagesChanged()
  }

  /** Delivers what may be delivered by now: called when the faults changed, or the sink is there. */
  advance(): void {
    // A stream with a hole may not go on; its receiver learns of it as soon as the link carries anything again.
    if (this.#holed && this.#sink !== undefined && carries(this.stages, this.#positionBytes)) resetSocket(this.#sink)
    this.#advance()
  }

  /** Both sockets are gone, or about to go: forgets what waits. */
  stop(): void {
    this.#stopped = true
    this.#wakeup.cancel()
    this.#gate.stop()
    this.#backlog.queue.clear()
  }

  /** The sink takes more. */
  readonly #drained = (): void => {
    const sink = this.#sink
    if (sink === undefined || isBehind(sink)) return
    if (this.#backlog.queue.length > 0) this.#advance()
    else {
      this.#gate.setRoom(true)
      this.#observer?.delivered(this.#deliveredBytes)
    }
  }

  /** Whether all of it was sent at once; where not, the source is stopped. */
  #write(sink: Socket, bytes: Buffer): boolean {
    if (this.#direct !== undefined && bytes.length <= LARGEST_DIRECT_BYTES && hasSentAll(sink)) {
      if (this.#direct.write(bytes, this.#drained)) return true
      this.#gate.setRoom(false)
      return false
    }
    if (!sink.write(bytes) && sink.writableNeedDrain && sink.writableLength > 0) this.#gate.setRoom(false)
    return hasSentAll(sink)
  }

  /** Sends FIN. Where the sink's own has been read, closing it is that, and spares the system a shutdown before. */
  #end(sink: Socket): void {
    if (sink.readableEnded && this.#direct !== undefined && hasSentAll(sink)) sink.destroy()
    else sink.end()
  }

  /** Bytes that left the queue, or never joined it. */
  get #positionBytes(): number {
    return this.#deliveredBytes + this.#lostBytes
  }

  #enqueue(content: Waiting['content']): void {
    if (this.#stopped) return
    this.#backlog.push(content, this.#positionBytes, this.#clock.nowMs())
    // With others before it, a timer, a drain or a change of the faults will get to it.
    if (this.#backlog.queue.length === 1 || this.cut === 'drop') this.#advance()
    else this.#governReading()
  }

  #advance(): void {
    if (this.#stopped) return
    this.#wakeup.cancel()
    const before = this.#deliveredBytes
    const nowMs = this.#clock.nowMs()
    // What was delivered may have set an alarm, even for now.
    const ending = this.#alarmThatRings(nowMs) ?? this.#deliverWhatIsDue(nowMs) ?? this.#alarmThatRings(nowMs)
    this.#governReading()
    if (this.#deliveredBytes > before) this.#observer?.delivered(this.#deliveredBytes)
    if (ending !== undefined) this.#endConnection(ending)
  }

  #alarmThatRings(nowMs: number): Ending | undefined {
    if (this.stages.length === 0) return undefined
    const alarm = nextAlarm(this.stages, this.#positionBytes, nowMs)
    if (alarm === undefined || this.#mustWait(alarm.atMs, nowMs)) return undefined
    alarm.by.hit()
    return alarm.ending
  }

  #deliverWhatIsDue(nowMs: number): Ending | undefined {
    const sink = this.#sink
    let ending: Ending | undefined
    let burstBytes = 0
    while (ending === undefined) {
      const next = this.#backlog.next(this.#positionBytes)
      if (next === undefined) break
      const delivery = planDelivery(this.stages, next, nowMs)
      if (delivery.kind === 'hold') break
      if (delivery.kind === 'lose') {
        this.#loseAll()
        break
      }
      if (delivery.kind !== 'deliver') {
        if (this.#mustWait(delivery.atMs, nowMs)) break
        ending = this.#suffer(delivery, next, nowMs)
        continue
      }
      if (sink === undefined) break
      if (!sink.writable) {
        this.#discardForDeadSink(sink)
        break
      }
      if (this.#mustWait(delivery.atMs, nowMs)) break
      const { piece } = delivery
      if (piece.content === 'bytes' && burstBytes === 0 && isBehind(sink)) break
      if (burstBytes >= LARGEST_BURST_BYTES) break
      const taken = this.#backlog.queue.take(piece.sizeBytes)
      ending = passed(this.stages, next, piece)
      if (typeof taken === 'string') {
        if (burstBytes > 0) sink.uncork()
        burstBytes = 0
        if (taken === 'end') this.#end(sink)
        else resetSocket(sink)
        continue
      }
      const bytes = transform(this.stages, next.positionBytes, taken)
      this.#deliveredBytes += bytes.length
      this.link.deliveredBytes += bytes.length
      if (delivery.alone) {
        // What is written in the same turn would leave, or be read, together with it.
        sink.write(bytes, () => setImmediate(() => this.#advance()))
        break
      }
      if (burstBytes === 0 && this.#backlog.queue.length === 0) {
        this.#write(sink, bytes)
        break
      }
      if (burstBytes === 0) sink.cork()
      burstBytes += bytes.length
      sink.write(bytes)
    }
    if (burstBytes > 0) sink?.uncork()
    return ending
  }

  #suffer(delivery: Extract<Delivery, { by: Placed }>, next: Next, nowMs: number): Ending | undefined {
    const { by, piece } = delivery
    if (delivery.kind === 'close') {
      by.hit()
      return 'close'
    }
    this.#backlog.queue.take(piece.sizeBytes)
    this.#lose(piece.sizeBytes)
    by.stage.discarded?.(nowMs)
    return passed(this.stages, next, piece, by)
  }

  #loseAll(): void {
    const { bytes } = this.#backlog.queue
    this.#backlog.queue.clear()
    this.#lose(bytes)
  }

  #lose(sizeBytes: number): void {
    this.#holed = true
    this.#lostBytes += sizeBytes
    this.link.droppedBytes += sizeBytes
  }

  /** The receiver is gone or was told that no more comes; only an RST can still matter to it. */
  #discardForDeadSink(sink: Socket): void {
    if (this.#backlog.queue.endsInReset) resetSocket(sink)
    this.#backlog.queue.clear()
  }

  /** Back-pressure: stops the sender when enough waits here, or when the receiver is behind and nothing needs to wait. */
  #governReading(): void {
    const sink = this.#sink
    const behind = sink?.writable === true && isBehind(sink)
    this.#gate.setRoom(this.#backlog.queue.length === 0 ? !behind : !this.#backlog.isFull)
  }

  #endConnection(ending: Ending): void {
    if (ending === 'close') this.connection.close()
    else this.connection.abort()
  }

  #mustWait(atMs: number, nowMs: number): boolean {
    if (atMs <= nowMs) return false
    this.#wakeup.setFor(atMs, nowMs)
    return true
  }
}

/** What was written waits for the receiver. */
const isBehind = (sink: Socket): boolean => sink.writableNeedDrain || isSending(sink)
