import { shortened } from '../event/rules.ts'
import { plural } from '../text/figures.ts'

/** Counts lines that describe no operation. */
export class LeftOut {
  #count = 0
  #first: { readonly line: number; readonly text: string } | undefined

  add(line: number, text: string): void {
    this.#count += 1
    this.#first ??= { line, text }
  }

  get line(): number {
    return this.#first?.line ?? 1
  }

  /** A sentence about the lines left out, if any. */
  get text(): string | undefined {
    if (this.#first === undefined) return undefined
    const { line, text } = this.#first
    return `${plural(this.#count, 'line')} that ${this.#count === 1 ? 'tells' : 'tell'} of no operation ${this.#count === 1 ? 'is' : 'are'} left out (line ${line}: ${shortened(text)})`
  }
}

/** Whether a line is a comment between lines of JSON or CSV. */
export const isComment = (text: string): boolean => /^\s*(?:#|\/\/|;|--)/.test(text)
