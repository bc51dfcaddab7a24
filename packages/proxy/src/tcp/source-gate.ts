import type { Socket } from 'node:net'
import type { ProxyClock } from '../link/clock.ts'
import { Wakeup } from './wakeup.ts'

/** How often a paused socket is checked for a peer that has disconnected. */
const PROBE_EVERY_MS = 1_000

/** Reads from a socket while there is room and the interceptor allows it. */
export class SourceGate {
  readonly #clock: ProxyClock
  readonly #probe: Wakeup
  #source: Socket | undefined
  #room = true
  #wanted = true
  #reading = true

  constructor(clock: ProxyClock) {
    this.#clock = clock
    this.#probe = new Wakeup(clock, () => this.#probeSource())
  }

  get room(): boolean {
    return this.#room
  }

  setSource(source: Socket): void {
    this.#source = source
    if (!this.#reading) source.pause()
  }

  setRoom(room: boolean): void {
    if (room === this.#room) return
    this.#room = room
    this.#govern()
  }

  setWanted(wanted: boolean): void {
    this.#wanted = wanted
    this.#govern()
  }

  stop(): void {
    this.#probe.cancel()
  }

  #govern(): void {
    const reading = this.#room && this.#wanted
    if (reading === this.#reading) return
    this.#reading = reading
    if (reading) this.#source?.resume()
    else {
      this.#source?.pause()
      this.#probeLater()
    }
  }

  /** Sets a single timer, however often reading stops and resumes. */
  #probeLater(): void {
    const nowMs = this.#clock.nowMs()
    this.#probe.setFor(nowMs + PROBE_EVERY_MS, nowMs)
  }

  /**
   * Detects whether the peer of the paused source has reset the connection. Writes an empty text to the source for this
   * purpose, because a socket notices an RST only when it is read or written.
   */
  #probeSource(): void {
    const source = this.#source
    if (this.#reading || source === undefined || source.destroyed) return
    if (source.writable && source.writableLength === 0) source.write('')
    this.#probeLater()
  }
}
