import { environmentError, inputError, UserError } from '../../event/error.ts'
import { codeOf } from '../system/system-errors.ts'
import { parseAddress } from './address.ts'

// Messages quote errors of the operating system only. Errors of the client's library are vague, or contain the access
// key.

const NO_CREDENTIALS =
  'no credentials were found. Export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to use a profile.'
const WRONG_KEY =
  'the store does not accept these credentials. Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and that AWS_ENDPOINT_URL is the address of the store that issued them.'
const NOT_ALLOWED =
  'these credentials do not permit reading it. Allow them s3:GetObject on the objects and s3:ListBucket on the bucket.'
const NEW_TOKEN = 'the credentials have expired. Sign in again, or export new ones (AWS_SESSION_TOKEN is part of them).'
const WRONG_REGION = 'the bucket is in another region. Export AWS_REGION with the region of the bucket.'

const REMEDIES: { readonly [name: string]: string } = {
  CredentialsProviderError: NO_CREDENTIALS,
  InvalidAccessKeyId: WRONG_KEY,
  SignatureDoesNotMatch: WRONG_KEY,
  AccessDenied: NOT_ALLOWED,
  Forbidden: NOT_ALLOWED,
  AllAccessDisabled: NOT_ALLOWED,
  ExpiredToken: NEW_TOKEN,
  ExpiredTokenException: NEW_TOKEN,
  RequestExpired: NEW_TOKEN,
  InvalidToken: NEW_TOKEN,
  PermanentRedirect: WRONG_REGION,
  AuthorizationHeaderMalformed: WRONG_REGION,
  IllegalLocationConstraintException: WRONG_REGION,
  RequestTimeTooSkewed:
    "this machine's clock and the store's differ by minutes. Set the clock: timedatectl set-ntp true",
  InvalidObjectState: 'the object is archived, so it cannot be read at once. Restore it first.',
  NoSuchKey: 'there is no such object. Check the name; a directory of numbered parts ends with a slash.',
  NotFound: 'there is no such object. Check the name; a directory of numbered parts ends with a slash.',
}

export const changed = (address: string): UserError =>
  inputError(
    `${address}: the object changed after chaos listed it, so parts of two recordings would be mixed. Check again once nobody writes to the object.`,
  )

/** The error for a failed request. `address` must be safe to print. */
export function troubleAt(address: string, error: unknown): UserError {
  if (error instanceof UserError) return error
  const name = nameOf(error)
  const status = statusOf(error)
  const { bucket } = parseAddress(address)
  if (name === 'NoSuchBucket')
    return inputError(
      `${address}: there is no bucket ${bucket} at ${endpointText()}. Check its name, AWS_ENDPOINT_URL and AWS_REGION.`,
    )
  if (name === 'PreconditionFailed' || status === 412) return changed(address)
  const known = Object.hasOwn(REMEDIES, name) ? REMEDIES[name] : undefined
  if (known !== undefined) return new UserError(status === 404 ? 'input' : 'environment', `${address}: ${known}`)
  if (error instanceof Error && error.message === 'Region is missing')
    return environmentError(`${address}: the region is not known. Export AWS_REGION, such as us-east-1.`)
  if (status === 403) return environmentError(`${address}: ${NOT_ALLOWED}`)
  if (status === 301) return environmentError(`${address}: ${WRONG_REGION}`)
  if (status !== undefined)
    return environmentError(`${address}: the store refused the request (${name}, HTTP ${status}). Try again later.`)
  const system = systemCodeOf(error)
  return environmentError(
    `${address}: the store at ${endpointText()} does not answer (${system === '' ? name : system}). Check AWS_ENDPOINT_URL and the network.`,
  )
}

/** Whether a retry may succeed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UserError) return false
  const status = statusOf(error)
  if (status !== undefined && status >= 400) return status >= 500 || status === 429
  return !Object.hasOwn(REMEDIES, nameOf(error)) && !/^Region is missing$/.test((error as Error).message)
}

function endpointText(): string {
  const given = endpointGiven()
  if (given === undefined) return 'Amazon S3'
  return URL.canParse(given) ? new URL(given).host : 'AWS_ENDPOINT_URL'
}

export const endpointGiven = (): string | undefined =>
  process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'] || undefined

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'Error')

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode

/** The system error code of the error or of one of its causes. */
function systemCodeOf(error: unknown): string {
  if (codeOf(error) !== '') return codeOf(error)
  const [first] = (error as { errors?: readonly unknown[] }).errors ?? []
  return codeOf(first)
}
