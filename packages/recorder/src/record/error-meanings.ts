import type { ErrorMeaning } from '@chaosproxy/history'

type Rule = (says: string | ErrorMeaning['says'], why: string) => ErrorMeaning

const rule =
  (means: ErrorMeaning['means']): Rule =>
  (says, why) => ({ says: typeof says === 'string' ? [says] : says, means, why })

/** Errors after which a request certainly had no effect. */
export const fail: Rule = rule('fail')

/** Errors after which a request may have had its effect. */
export const info: Rule = rule('info')
