import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExhibitResult } from '@chaosproxy/report/gallery'
import { PACKAGE } from './programs.ts'

/** The stored results of the gallery, in its order. `scripts/keep-gallery.mjs` writes them. */
export const keptExhibits = (): readonly ExhibitResult[] =>
  readFileSync(join(PACKAGE, 'docs', 'gallery', 'kept.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
