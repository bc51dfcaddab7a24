import type { RequirementResult } from '@chaosproxy/runner/result'

/** `availability >= 99.5%: found 61.20%`. */
export const requirementText = ({ requirement, met, found, why }: RequirementResult): string =>
  [
    `${requirement}:`,
    met === 'unknown' ? `unknown, ${why}${found === '' ? '' : ` (at least ${found})`}` : `found ${found}`,
  ].join(' ')
