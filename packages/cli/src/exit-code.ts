/** What a script may rely on. The first three are the field's own: 0 as promised, 1 violated, 2 cannot tell. */
export const EXIT = {
  met: 0,
  violated: 1,
  unknown: 2,
  usage: 3,
  environment: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
