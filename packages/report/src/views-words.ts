import type { RunViews } from './run-summary.ts'

/** A sentence each for what clients were told, what nodes answered, and where the two differ. */
export const viewsTexts = ({ client, backend, said }: RunViews): readonly string[] => [
  client === backend.headline && client.startsWith('unknown: ')
    ? 'as clients were told and as nodes answered: unknown, for the same reason'
    : `as clients were told: ${client}; as nodes answered: ${backend.headline}`,
  ...said,
]
