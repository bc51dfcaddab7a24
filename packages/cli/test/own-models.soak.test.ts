// Apart from patient.soak.test.ts: it adds to a registry before what reads that is loaded.
process.env['PATIENT'] = 'true'

await import('./own-models.test.ts')

export {}
