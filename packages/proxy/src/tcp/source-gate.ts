import type { Socket } from 'node:net'

/** Lets a socket be read while there is room for what it brings, and whoever stands between asks for no pause. */
export class SourceGate {
  #source: Socket | undefined
  #room = true
  #wanted = true
  #reading = true

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

  #govern(): void {
    const reading = this.#room && this.#wanted
    if (reading === this.#reading) return
    this.#reading = reading
    if (reading) this.#source?.resume()
    else this.#source?.pause()
  }
}
