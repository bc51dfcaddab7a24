import { usageError } from '@chaosproxy/history'

const FROM_ENVIRONMENT = 'env:'

/**
 * The token of a control interface.
 *
 * @param given the token, or `env:NAME` for the environment variable that contains it; by default the value of
 * CHAOS_TOKEN.
 * @throws UserError (usage) for a variable that is not set, and for an empty token.
 */
export function tokenOf(given: string | undefined): string | undefined {
  const isNamed = given?.startsWith(FROM_ENVIRONMENT) === true
  const name = isNamed ? given.slice(FROM_ENVIRONMENT.length) : 'CHAOS_TOKEN'
  const token = given === undefined || isNamed ? process.env[name] : given
  if (isNamed && (token === undefined || token === ''))
    throw usageError(`--token ${given}: the environment variable ${name} is not set. Set it: export ${name}=…`)
  if (token === '') throw usageError('--token is empty. Give a secret string.')
  return token
}
