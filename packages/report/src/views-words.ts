import type { RunViews } from './run-summary.ts'

/** A sentence each for what clients were told, what nodes answered, and where the two differ. */
export const viewsTexts = ({ client, backend, said }: RunViews): readonly string[] => [
  `as clients were told: ${client}; as nodes answered: ${backend.headline}`,
  ...said,
]
