import type { NodeEffect } from '@chaosproxy/faults'

/** A crash of a node directly before one of its effects. */
export interface CrashPoint {
  readonly before: NodeEffect
  /** How many effects of this kind are still to come, including the one before which the node dies. */
  left: number
  readonly die: () => void
}

export class CrashPoints {
  readonly #points: CrashPoint[] = []

  get any(): boolean {
    return this.#points.length > 0
  }

  add(point: CrashPoint): void {
    this.#points.push(point)
  }

  remove(point: CrashPoint): void {
    const at = this.#points.indexOf(point)
    if (at >= 0) this.#points.splice(at, 1)
  }

  /** Called before an effect. Returns whether the node dies first. */
  reachedBy(effect: NodeEffect): boolean {
    let reached = false
    for (const point of this.#points) if (point.before === effect && --point.left === 0) reached = true
    return reached
  }

  die(effect: NodeEffect): void {
    for (const { before, left, die } of [...this.#points]) if (before === effect && left === 0) die()
  }
}
