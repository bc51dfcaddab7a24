/**
 * The exit codes, which scripts may rely on. The first three are common to checkers: promise kept, violated, unknown.
 */
export const EXIT = {
  met: 0,
  violated: 1,
  unknown: 2,
  usage: 3,
  environment: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
