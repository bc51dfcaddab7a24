import type { MessageIntake } from './message-intake.ts'

/** Handles a head that is split between chunks. Its bytes are held, or passed on as they arrive. */
export class CutHead {
  #state: 'whole' | 'held' | 'passing' = 'whole'
  #heldBytes = 0

  get isHeld(): boolean {
    return this.#state === 'held'
  }

  get isPassing(): boolean {
    return this.#state === 'passing'
  }

  /** Handles a chunk that ends in the middle of a head. The head begins, or continues, at `stepAt`. */
  cut(intake: MessageIntake, bytes: Buffer, stepAt: number, isToBeHeld: () => boolean): void {
    if (this.#state === 'whole') {
      intake.settle(bytes, stepAt)
      this.#state = isToBeHeld() ? 'held' : 'passing'
    }
    if (this.#state === 'passing') return
    this.#heldBytes += bytes.length - stepAt
    intake.skip(bytes.length)
  }

  end(): void {
    this.#state = 'whole'
    this.#heldBytes = 0
  }

  /** Returns the held bytes of a head that will never be complete. */
  takeHeld(carried: Buffer): Buffer | undefined {
    const heldBytes = this.#heldBytes
    this.end()
    return heldBytes === 0 ? undefined : Buffer.from(carried.subarray(0, heldBytes))
  }
}
