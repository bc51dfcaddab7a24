import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json } from '@chaosproxy/history'

// The labelled histories are in a directory next to the project. Where this directory is missing, the tests that need
// it are skipped.

export const corpus: string = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/corpus')
export const corpusIsHere: boolean = existsSync(corpus)

export interface Labelled {
  readonly file: string
  readonly format: string
  readonly model: string
  readonly initial: Json
  readonly semantics?: string
  readonly expect: { readonly [level: string]: boolean | null }
}

/** Returns the labels in the corpus, one for each line of `MANIFEST.jsonl`; an empty list if the corpus is absent. */
export const labels = <Label>(): Label[] =>
  corpusIsHere
    ? readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Label)
    : []

/** The histories of registers, with their labels. */
export const labelledRegisters = (): Labelled[] =>
  labels<Labelled>().filter(
    ({ file, model }) => /^(brute|classic|porcupine-jsonl|porcupine|knossos)\//.test(file) && model !== 'mutex',
  )

/** Returns the options for judging a history under the assumptions on which its label is based. */
export const readingOf = ({ format, initial, semantics }: Labelled) =>
  ({
    initial: format === 'porcupine-kv' ? '' : initial,
    failedCas: semantics?.includes('a failed cas IS an operation') ? 'observes' : 'drop',
  }) as const
