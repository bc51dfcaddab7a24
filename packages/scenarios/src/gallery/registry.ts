import type { Exhibit } from './exhibit.ts'
import { examplePackages } from './packages.ts'

/** The weaknesses that `chaos gallery` shows: somebody's packages and servers first, embedded models last. */
export const gallery: readonly Exhibit[] = [...examplePackages]
