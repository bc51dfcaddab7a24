import type { Socket } from 'node:net'
import type { ProxyClock } from '../clock.ts'
import { Wakeup } from './wakeup.ts'

/** How often a socket that is not read is asked whether its peer is still there. */
const PROBE_EVERY_MS = 1_000

/** Lets a socket be read while there is room for what it brings, and whoever stands between asks for no pause. */
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

  /** The source is gone, or about to go. */
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

  /** One timer, however often it stops and goes on meanwhile. */
  #probeLater(): void {
    const nowMs = this.#clock.nowMs()
    this.#probe.setFor(nowMs + PROBE_EVERY_MS, nowMs)
  }

  /**
   * Only who reads or writes learns of an RST. A source that is stopped, because its receiver does not read, would be
   * kept for as long as that one stays, though it is gone; writing nothing finds out.
   */
  #probeSource(): void {
    const source = this.#source
    if (this.#reading || source === undefined || source.destroyed) return
    if (source.writable && source.writableLength === 0) source.write('')
    this.#probeLater()
  }
}
