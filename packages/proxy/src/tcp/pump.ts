import type { Socket } from 'node:net'
import type { Delivery, Next, Placed } from '../delivery/plan.ts'
import { carries, cutAt, nextAlarm, passed, planDelivery, transform } from '../delivery/plan.ts'
import type { Ending } from '../delivery/stage.ts'
import type { Stage as Interception } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { Flow, LinkState } from '../link/link-state.ts'
import { DirectWriter, hasSentAll, isSending } from '../socket/direct-io.ts'
import { resetSocket } from '../socket/reset-socket.ts'
import { Backlog } from './backlog.ts'
import type { Waiting } from './chunk-queue.ts'
import { GatheredWrite } from './gathered-write.ts'
import { SourceGate } from './source-gate.ts'
import { Wakeup } from './wakeup.ts'

const LARGEST_BURST_BYTES = 1024 * 1024

/**
 * Maximum number of bytes that are written directly to a socket. A larger direct write often remains incomplete, and
 * then costs more than a write through the socket's stream.
 */
const LARGEST_DIRECT_BYTES = 16 * 1024

export interface PumpedConnection {
  /** The dialling side's address. */
  readonly client: string
  readonly acceptedAtMs: number
  /** Reports that the faults of this direction have changed. Called after the stages of all links have been set. */
  stagesChanged(): void
  close(): void
  abort(): void
}

/**
 * Moves bytes, and the end of the stream, from one socket to another under the link's faults.
 *
 * While no fault is in force and nothing waits, each read becomes one write. Otherwise arrivals join a queue, whose
 * head is planned again whenever it may be due. A change of faults therefore affects all bytes not yet written to the
 * receiving socket. An end by FIN or RST waits in the queue like data.
 */
export class Pump implements Flow {
  readonly link: LinkState
  readonly connection: PumpedConnection
  readonly direction: 'requests' | 'responses'
  readonly #clock: ProxyClock
  readonly #backlog: Backlog = new Backlog()
  readonly #wakeup: Wakeup
  readonly #gate: SourceGate
  #sink: Socket | undefined
  /** Writes to the sink directly. Undefined for TLS, because the bytes must first be encrypted. */
  #direct: DirectWriter | undefined
  /** Counts as delivered. */
  readonly #gathered = new GatheredWrite((bytes) => this.#sink?.writable !== true || this.#write(this.#sink, bytes))
  #deliveredBytes = 0
  #lostBytes = 0
  #observer: Pick<Interception, 'delivered' | 'altered'> | undefined
  #endingAtRemoval: Ending | undefined
  /** Whether bytes were lost, so that the stream must not continue. */
  #holed = false
  #stopped = false

  constructor(
    link: LinkState,
    connection: PumpedConnection,
    clock: ProxyClock,
    direction: 'requests' | 'responses' = 'requests',
  ) {
    this.link = link
    this.connection = connection
    this.direction = direction
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

  get cut(): 'none' | 'hold' | 'drop' {
    return this.stages.length === 0 ? 'none' : cutAt(this.stages, this.#positionBytes)
  }

  get holed(): boolean {
    return this.#holed
  }

  get waiting(): number {
    return this.#backlog.queue.length
  }

  get deliveredBytes(): number {
    return this.#deliveredBytes
  }

  get passesThrough(): boolean {
    return this.stages.length === 0 && this.#backlog.queue.length === 0 && this.#sink !== undefined
  }

  /** Whether the source is stopped because the sink is too slow. */
  get congested(): boolean {
    return !this.#gate.room
  }

  observe(observer: Pick<Interception, 'delivered' | 'altered'>): void {
    this.#observer = observer
  }

  /** Sets the socket whose reading is paused and resumed. */
  setSource(source: Socket): void {
    this.#gate.setSource(source)
  }

  setSink(sink: Socket): void {
    this.#sink = sink
    if (!('encrypted' in sink)) this.#direct = new DirectWriter(sink)
    sink.on('drain', this.#drained)
    this.advance()
  }

  /** Takes received bytes, and returns true if their memory may be reused. */
  receive(bytes: Buffer): boolean {
    const { link } = this
    link.bytes += bytes.length
    link.chunks++
    const sink = this.#sink
    if (this.stages.length === 0 && this.#backlog.queue.length === 0 && sink !== undefined) {
      if (!sink.writable) return true
      const isSent = this.#writeInTurn(sink, bytes)
      this.#deliveredBytes += bytes.length
      link.deliveredBytes += bytes.length
      this.#observer?.delivered(this.#deliveredBytes)
      return isSent
    }
    this.#enqueue(bytes)
    return false
  }

  end(): void {
    this.#gathered.writeNow()
    if (this.passesThrough && this.#sink !== undefined) this.#end(this.#sink)
    else this.#enqueue('end')
  }

  reset(): void {
    this.#gathered.writeNow()
    if (this.passesThrough && this.#sink !== undefined) resetSocket(this.#sink)
    else this.#enqueue('reset')
  }

  /** Pauses the source, or resumes it if there is room. */
  setWanted(wanted: boolean): void {
    this.#gate.setWanted(wanted)
  }

  setStages(stages: readonly Placed[]): void {
    this.#gathered.writeNow()
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

  /** Delivers what is due. Must be called when the faults have changed or the sink is set. */
  advance(): void {
    // A stream with lost bytes must not continue. The receiver is reset once the link carries bytes again.
    if (this.#holed && this.#sink !== undefined && carries(this.stages, this.#positionBytes)) resetSocket(this.#sink)
    this.#advance()
  }

  /** Discards waiting bytes, because both sockets are closed or about to be. */
  stop(): void {
    this.#gathered.writeNow()
    this.#stopped = true
    this.#wakeup.cancel()
    this.#gate.stop()
    this.#backlog.queue.clear()
  }

  readonly #drained = (): void => {
    const sink = this.#sink
    if (sink === undefined || isBehind(sink)) return
    if (this.#backlog.queue.length > 0) this.#advance()
    else {
      this.#gate.setRoom(true)
      this.#observer?.delivered(this.#deliveredBytes)
    }
  }

  /**
   * Writes like `#write`, but may keep a small message until the end of the turn of the event loop (see
   * `GatheredWrite`). The memory of `bytes` must not change during this turn.
   */
  #writeInTurn(sink: Socket, bytes: Buffer): boolean {
    if (this.#direct !== undefined && bytes.length <= LARGEST_DIRECT_BYTES && this.#gathered.take(bytes)) return false
    this.#gathered.writeNow()
    return this.#write(sink, bytes)
  }

  /** Writes bytes. Stops the source unless all were sent immediately. */
  #write(sink: Socket, bytes: Buffer): boolean {
    if (this.#direct !== undefined && bytes.length <= LARGEST_DIRECT_BYTES && hasSentAll(sink)) {
      if (this.#direct.write(bytes, this.#drained)) return true
      this.#gate.setRoom(false)
      return false
    }
    if (!sink.write(bytes) && sink.writableNeedDrain && sink.writableLength > 0) this.#gate.setRoom(false)
    return hasSentAll(sink)
  }

  /** Sends a FIN. If the FIN of the sink has been read, closes the sink instead, to save a system call. */
  #end(sink: Socket): void {
    if (sink.readableEnded && this.#direct !== undefined && hasSentAll(sink)) sink.destroy()
    else sink.end()
  }

  /** The number of bytes that have left the queue or bypassed it. */
  get #positionBytes(): number {
    return this.#deliveredBytes + this.#lostBytes
  }

  #enqueue(content: Waiting['content']): void {
    if (this.#stopped) return
    this.#gathered.writeNow()
    this.#backlog.push(content, this.#positionBytes, this.#clock.nowMs())
    if (this.#backlog.queue.length === 1 || this.cut === 'drop') this.#advance()
    else this.#governReading()
  }

  #advance(): void {
    if (this.#stopped) return
    this.#wakeup.cancel()
    const before = this.#deliveredBytes
    const nowMs = this.#clock.nowMs()
    // The delivery may set an alarm that is due immediately.
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
      if (bytes !== taken) this.#observer?.altered?.()
      this.#deliveredBytes += bytes.length
      this.link.deliveredBytes += bytes.length
      if (delivery.alone) {
        // Continue in a later turn. Otherwise the next bytes could be sent together with `bytes`, or read together with
        // them.
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

  /** Discards the bytes for a receiver that is closed. If an RST waits, resets the receiver. */
  #discardForDeadSink(sink: Socket): void {
    if (this.#backlog.queue.endsInReset) resetSocket(sink)
    this.#backlog.queue.clear()
  }

  /** Stops reading the source while the queue is full. If the queue is empty, stops while the receiver is behind. */
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

const isBehind = (sink: Socket): boolean => sink.writableNeedDrain || isSending(sink)
