import { request } from 'node:https'
import { describe, expect, test } from 'vitest'
import { createControlClient } from '../../../src/control/client/control-client.ts'
import { createAuthority } from '../../../src/tls/authority.ts'
import { control } from '../../control/control-plane.ts'

const words = { host: '--host', token: '--token', authorities: '--ca FILE' }
const authority = createAuthority()
const localhost = authority.issue(['localhost', '127.0.0.1'])

/** A certificate and its key for localhost and 127.0.0.1, of January 2020. */
const expired = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBTjCB9qADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4cGlyZWQw
HhcNMjAwMTAxMDAwMDAwWhcNMjAwMjAxMDAwMDAwWjASMRAwDgYDVQQDDAdleHBp
cmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESUF+T/mtIViTg1pF4X8/p5IY
699QxECeJAJy5upzN2+d7syyg9xwvNCJOp8FYsJOBy+7kE466gN3Cj33WcoRBKM9
MDswGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMB0GA1UdDgQWBBTypx2uhJtH
HDEG5dGgAkYABuT0pTAKBggqhkjOPQQDAgNHADBEAiBqfKFgKD+rt19eEXRyMMRd
hhEMFqmRFuMg1Uva9+lo2gIgPC/sfJU40TRjH+ZPUL8n1u5zlTy2/BP6BJfmDugq
WTw=
-----END CERTIFICATE-----`,
  key: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGWswRSg6TfgpTkPhAfN+Eyy2D9LCaZTgvktmh3H1307oAoGCCqGSM49
AwEHoUQDQgAESUF+T/mtIViTg1pF4X8/p5IY699QxECeJAJy5upzN2+d7syyg9xw
vNCJOp8FYsJOBy+7kE466gN3Cj33WcoRBA==
-----END EC PRIVATE KEY-----`,
}

const clientOf = (port: number, more: { host?: string; token?: string; authorities?: string } = {}) =>
  createControlClient({
    host: `https://${more.host ?? 'localhost'}:${port}`,
    token: more.token,
    authorities: 'authorities' in more ? more.authorities : authority.certificate,
    words,
  })

describe('a control interface over TLS', () => {
  test('a control interface over TLS accepts clients that trust its authority and send its token', async () => {
    const { server } = await control({ identity: localhost, token: 'sesame' })
    const client = clientOf(server.port, { token: 'sesame' })
    expect(await client.get('/v1/proxies')).toEqual([])
    expect(await client.ask('GET', '/v1/proxies')).toEqual({ status: 200, version: 'test', text: '[]\n' })
  })

  test('a control interface over TLS accepts clients that trust its own certificate', async () => {
    const { server } = await control({ identity: localhost })
    expect(await clientOf(server.port, { authorities: localhost.certificate }).ask('GET', '/v1/leases')).toMatchObject({
      status: 200,
    })
  })

  test('a control interface over TLS sends events until the client disconnects', async () => {
    const { server, plane } = await control({ identity: localhost })
    let stop = () => {}
    const seen: unknown[] = []
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const ended = clientOf(server.port).events((event) => {
      seen.push(event)
      stop()
    }, stopped)
    const again = setInterval(() => plane.events.emit({ type: 'reset' }), 20)
    await ended
    clearInterval(again)
    expect(seen[0]).toMatchObject({ type: 'reset' })
  })

  test('a control interface over TLS explains a wrong token or certificate in one sentence with advice', async () => {
    const { server } = await control({ identity: localhost, token: 'sesame' })
    const other = await control({ identity: authority.issue(['host-b']) })
    const old = await control({ identity: expired })
    const plain = await control()
    const said = async (port: number, more?: Parameters<typeof clientOf>[1]) =>
      clientOf(port, more)
        .get('/v1/proxies')
        .catch((error: Error) => error.message.replaceAll(String(port), 'PORT'))
    expect(await said(server.port, { token: 'wrong' })).toBe(
      'The proxy refuses the token (HTTP 401): give the token that the proxy was started with, by --token.',
    )
    expect(await said(server.port)).toBe(
      'The proxy asks for a token (HTTP 401): give the token that the proxy was started with, by --token.',
    )
    expect(await said(server.port, { authorities: expired.certificate })).toBe(
      'The certificate of the proxy at localhost:PORT is not trusted: give the certificate of its authority, or its own, by --ca FILE.',
    )
    expect(await said(old.server.port, { authorities: expired.certificate })).toBe(
      'The certificate of the proxy at localhost:PORT has expired: start the proxy again with one that is valid (--control-cert, --control-key).',
    )
    expect(await said(other.server.port)).toBe(
      'The certificate of the proxy at localhost:PORT is not for the name localhost (DNS:host-b): use a name from the certificate, or start the proxy again with a certificate for localhost (--control-cert, --control-key).',
    )
    expect(await said(plain.server.port)).toBe(
      'The server at localhost:PORT does not speak TLS: write http://, or start the proxy with --control-cert and --control-key.',
    )
  })

  test('a control interface over TLS tells plaintext clients to use https://', async () => {
    const { server } = await control({ identity: localhost })
    const client = createControlClient({ host: `localhost:${server.port}`, token: undefined, words })
    await expect(client.get('/v1/proxies')).rejects.toThrow('write https://')
  })

  test('a control interface over TLS refuses web pages of other origins, and accepts pages of its own origin', async () => {
    const { server } = await control({ identity: localhost })
    const asked = (origin: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { port: server.port, path: '/v1/proxies', headers: { origin }, ca: authority.certificate }
        request({ host: 'localhost', agent: false, ...options }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await asked(`https://localhost:${server.port}`)).toBe(200)
    expect(await asked(`http://localhost:${server.port}`)).toBe(403)
    expect(await asked('https://elsewhere.example')).toBe(403)
  })

  test('a control interface does not start if its key belongs to another certificate', async () => {
    const { key } = authority.issue(['localhost'])
    await expect(control({ identity: { ...localhost, key } })).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(/^The certificate and key of the control interface do not match/),
    })
  })
})

test('a control client reports a missing reply on an open connection as an error', async () => {
  const { createServer } = await import('node:net')
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const client = createControlClient({ host: `127.0.0.1:${port}`, token: undefined, words })
  await expect(client.ask('GET', '/v1/leases', { timeoutMs: 50 })).rejects.toThrow('no answer within 0.05 s')
  silent.close()
})
