// The usual way to build such a server: Fastify, a schema, pg with a pool, one request per transaction.
// Two workers, as many as the machine has cores; mutual TLS and kept connections as registryd has them.
import cluster from 'node:cluster';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';

const conf = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const text = { type: 'string', maxLength: 49152 };
const body = {
  type: 'object',
  additionalProperties: false,
  required: ['request', 'signature', 'receipt', 'filed_at', 'offline'],
  properties: {
    request: text,
    signature: {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'sha256'],
      properties: {
        kind: text, sha256: text, width: { type: 'integer' }, height: { type: 'integer' },
        max_pressure: { type: 'integer' },
        strokes: {
          type: 'array',
          items: { type: 'array', items: { type: 'array', minItems: 4, maxItems: 4, items: { type: 'integer' } } },
        },
      },
    },
    receipt: {
      type: 'object', additionalProperties: false, required: ['code', 'pin'], properties: { code: text, pin: text },
    },
    filed_at: text,
    offline: { type: 'boolean' },
  },
};

async function serve() {
  const pool = new pg.Pool({ host: conf.pg, user: 'pridvor', database: conf.database, max: 16, options: conf.options });
  const app = Fastify({
    bodyLimit: 524288,
    https: {
      key: readFileSync(conf.key), cert: readFileSync(conf.cert), ca: readFileSync(conf.ca),
      requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2',
    },
  });
  app.get('/v1/ping', async () => ({ ok: true }));
  app.post('/v1/requests', { schema: { body } }, async (request, reply) => {
    const s = request.body;
    const r = JSON.parse(s.request);
    const hash = createHash('sha256').update(s.request).digest();
    if (hash.toString('hex') !== s.signature.sha256) return reply.code(422).send({ error: 'hash' });
    const now = new Date();
    const day = now.toISOString().slice(0, 10);
    const due = new Date(now.getTime() + 30 * 86400000).toISOString().slice(0, 10);
    const values = [
      r.request_id, r.institution, 'general', r.terminal, r.service, r.service_version, r.channel, r.lang,
      s.receipt.code, createHmac('sha256', 'key').update(`${s.receipt.code}:${s.receipt.pin}`).digest(), hash,
      s.request, JSON.stringify(s.signature), s.filed_at, s.offline, day, due, r.answers['who.email'] ?? null,
      r.answers['who.phone'] ?? null, 1, now.toISOString(), now.getFullYear(),
      hash.subarray(0, 24),
    ];
    const result = await pool.query({ name: 'intake', text: conf.sql, values });
    const n = result.rows[0].n;
    return reply.code(201).send({ request_id: r.request_id, number: `${n}/${day}`, n, due });
  });
  await app.listen({ host: '127.0.0.1', port: conf.port });
}

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('exit', () => process.exit(1));
} else {
  await serve();
}
