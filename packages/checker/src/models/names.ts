/** The models that come with the checker, by the name that options and histories give them. */
export const modelNames = [
  'register',
  'multi-register',
  'counter',
  'set',
  'queue',
  'bag',
  'lock',
  'list-append',
  'bank',
  'unique-ids',
  'log',
] as const

export type ModelName = (typeof modelNames)[number]
