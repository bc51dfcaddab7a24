import type { ErrorMeaning } from '@chaosproxy/history'

type Rule = (errors: string | ErrorMeaning['texts'], why: string) => ErrorMeaning

const rule =
  (means: ErrorMeaning['means']): Rule =>
  (errors, why) => ({ texts: typeof errors === 'string' ? [errors] : errors, means, why })

/** Errors after which a request certainly had no effect. */
export const fail: Rule = rule('fail')

/** Errors after which a request may have had its effect. */
export const info: Rule = rule('info')
