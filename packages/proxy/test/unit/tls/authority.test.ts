import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../../src/tls/authority.ts'

const DAY_MS = 86_400_000
const hexOf = ({ raw }: X509Certificate): string => raw.toString('hex')
const identifierOf = ({ publicKey }: X509Certificate): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 40)

describe('a certificate of an authority', () => {
  const authority = createAuthority()
  const issuer = new X509Certificate(authority.certificate)
  const issued = authority.issue(['web.example', '127.0.0.1', '::1', '2001:db8::7:8'])
  const certificate = new X509Certificate(issued.certificate)

  test('a certificate is signed by its authority, and names the authority as issuer', () => {
    expect([issuer.ca, certificate.ca]).toEqual([true, false])
    expect(issuer.subject).toMatch(/^CN=chaos proxy [0-9a-f]{8}$/)
    expect([issuer.issuer, certificate.issuer]).toEqual([issuer.subject, issuer.subject])
    expect([issuer.verify(issuer.publicKey), certificate.verify(issuer.publicKey)]).toEqual([true, true])
    expect(certificate.checkIssued(issuer)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true)
    expect(new X509Certificate(createAuthority().certificate).subject).not.toBe(issuer.subject)
  })

  test('a certificate is valid for its names and addresses', () => {
    expect(certificate.subject).toBe('CN=web.example')
    expect(certificate.subjectAltName).toBe(
      'DNS:web.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:7:8',
    )
    expect([certificate.checkHost('web.example'), certificate.checkHost('other.example')]).toEqual([
      'web.example',
      undefined,
    ])
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  })

  test('a certificate is valid from one day before its issue until one year after it', () => {
    for (const { validFrom, validTo } of [issuer, certificate]) {
      expect(Math.abs(Date.parse(validFrom) - (Date.now() - DAY_MS))).toBeLessThan(30_000)
      expect(Math.abs(Date.parse(validTo) - (Date.now() + 365 * DAY_MS))).toBeLessThan(30_000)
    }
  })

  test('each certificate has a different positive serial number of 16 bytes', () => {
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(authority.issue(['a']).certificate).serialNumber,
    )
    expect(new Set(serials).size).toBe(20)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('a certificate has the extensions that strict verifiers require', () => {
    const [own, authorityKey] = [identifierOf(certificate), identifierOf(issuer)]
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    // Version 3; basicConstraints, keyUsage, subjectKeyIdentifier and authorityKeyIdentifier, in DER.
    for (const part of ['a003020102', '0603551d130101ff04023000', '0603551d0f0101ff040403020780'])
      expect(hexOf(certificate)).toContain(part)
    expect(hexOf(certificate)).toContain(`0603551d0e04160414${own}`)
    expect(hexOf(certificate)).toContain(`0603551d23041830168014${authorityKey}`)
    for (const part of [
      '0603551d130101ff040530030101ff',
      '0603551d0f0101ff040403020106',
      `0603551d0e04160414${authorityKey}`,
    ])
      expect(hexOf(issuer)).toContain(part)
  })

  test.each([1, 5, 6, 20, 3000])('a certificate can have %i names', (count) => {
    const names = Array.from({ length: count }, (_, i) => `host-${i}.example.test`)
    const { subjectAltName } = new X509Certificate(authority.issue(names as [string]).certificate)
    expect(subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '))
  })

  test('a certificate is written in lines of 64 characters', () => {
    const [first, ...lines] = authority.certificate.trimEnd().split('\n')
    expect([first, lines.pop()]).toEqual(['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'])
    expect(lines.slice(0, -1).every((line) => line.length === 64)).toBe(true)
  })
})
