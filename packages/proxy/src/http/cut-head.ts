import type { MessageIntake } from './message-intake.ts'

/**
 * What becomes of the bytes of a head that a chunk boundary cuts, until it is whole: they are held, or go on as they
 * come.
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

  /** The chunk ends in the middle of a head that began, or goes on, at `stepAt`. Whether it is held is asked once. */
  cut(intake: MessageIntake, bytes: Buffer, stepAt: number, isToBeHeld: () => boolean): void {
    if (this.#state === 'whole') {
      intake.settle(bytes, stepAt)
      this.#state = isToBeHeld() ? 'held' : 'passing'
    }
    if (this.#state === 'passing') return
    this.#heldBytes += bytes.length - stepAt
    intake.skip(bytes.length)
  }

  /** The head is whole, and dealt with. */
  end(): void {
    this.#state = 'whole'
    this.#heldBytes = 0
  }

  /** It will not be whole: the bytes of it that are held. */
  takeHeld(carried: Buffer): Buffer | undefined {
    const heldBytes = this.#heldBytes
    this.end()
    return heldBytes === 0 ? undefined : Buffer.from(carried.subarray(0, heldBytes))
  }
}
