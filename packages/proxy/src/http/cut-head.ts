import type { MessageIntake } from './message-intake.ts'

/**
 * Handles the bytes of a head cut by a chunk boundary until it is complete: they are held, or passed on as they come.
 */
export class CutHead {
  #state: 'whole' | 'held' | 'passing' = 'whole'
  #heldBytes = 0

  get isHeld(): boolean {
    return this.#state === 'held'
  }

  get isPassing(): boolean {
    return this.#state === 'passing'
  }

  /**
   * The chunk ends in the middle of a head that begins, or continues, at `stepAt`. Asks only once whether to hold it.
   */
  cut(intake: MessageIntake, bytes: Buffer, stepAt: number, isToBeHeld: () => boolean): void {
    if (this.#state === 'whole') {
      intake.settle(bytes, stepAt)
      this.#state = isToBeHeld() ? 'held' : 'passing'
    }
    if (this.#state === 'passing') return
    this.#heldBytes += bytes.length - stepAt
    intake.skip(bytes.length)
  }

  /** The head was complete and has been handled. */
  end(): void {
    this.#state = 'whole'
    this.#heldBytes = 0
  }

  /** The head will never be complete. Returns its held bytes. */
  takeHeld(carried: Buffer): Buffer | undefined {
    const heldBytes = this.#heldBytes
    this.end()
    return heldBytes === 0 ? undefined : Buffer.from(carried.subarray(0, heldBytes))
  }
}
