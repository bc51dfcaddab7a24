import { UserError } from '@chaosproxy/history'
import type { ControlWords } from './words.ts'

/** The reason for a missing response, in one sentence, and what to do. */
export function unreachable(base: URL, error: NodeJS.ErrnoException, words: ControlWords): UserError {
  const { host, hostname } = base
  const ofCertificate = certificateTrouble(error, hostname, words)
  if (ofCertificate !== undefined)
    return new UserError('environment', `The certificate of the proxy at ${host} ${ofCertificate}`)
  if (/wrong version number|packet length too long|http request/i.test(error.message))
    return new UserError(
      'environment',
      `The server at ${host} does not speak TLS: write http://, or start the proxy with --control-cert and --control-key.`,
    )
  const why =
    error.code === 'ECONNREFUSED'
      ? 'Nothing listens there'
      : error.code === 'ECONNRESET' && base.protocol === 'http:'
        ? `It says: ${error.message} (if it speaks TLS, write https://)`
        : `It says: ${error.message}`
  return new UserError(
    'environment',
    `No proxy answers at ${host}. ${why}. Start one (chaos proxy --listen … --upstream …), or say where it is with ${words.host}.`,
  )
}

const MADE_ANEW = 'start the proxy again with one that is (--control-cert, --control-key).'

/** The problem with its certificate; undefined for any other error. */
function certificateTrouble({ code, message }: NodeJS.ErrnoException, name: string, words: ControlWords) {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `has expired: ${MADE_ANEW.replace('that is', 'that is valid')}`
    case 'CERT_NOT_YET_VALID':
      return `is not valid yet: compare the clocks of both machines, or ${MADE_ANEW.replace('that is', 'that is valid')}`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `is not for the name ${name} (${namesIn(message)}): use a name in it, or start the proxy again with one for this name (--control-cert, --control-key).`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `is not trusted: give the certificate of its authority, or its own, by ${words.authorities}.`
    default:
      return undefined
  }
}

/** `Host: x. is not in the cert's altnames: DNS:y`. */
const namesIn = (message: string): string => /.*altnames: (.*)$/.exec(message)?.[1] ?? message
