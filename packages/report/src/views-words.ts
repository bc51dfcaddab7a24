import type { RunViews } from './run-summary.ts'

/** What clients were told beside what nodes answered, and where the two differ; each a sentence of its own. */
export const viewsTexts = ({ client, backend, said }: RunViews): readonly string[] => [
  `as clients were told: ${client}; as nodes answered: ${backend.headline}`,
  ...said,
]
