import type { RunViews } from '@chaosproxy/runner/result'

/** A sentence each for what clients were told, what nodes answered, and where the two differ. */
export const viewsTexts = ({ client, backend, said }: RunViews): readonly string[] => [
  client === backend.headline && client.startsWith('unknown: ')
    ? 'whether what clients saw and what the nodes sent keep it is unknown, for the same reason'
    : client === backend.headline
      ? `what clients saw is ${client}, and ${client.startsWith('not ') ? 'neither' : 'so'} is what the nodes sent`
      : `what clients saw is ${client}; what the nodes sent is ${backend.headline}`,
  ...said,
]
