// Badges of build/demo/ in two verifiers written by others, offline: contexts from disk, everything else from did-map.
// usage: node verify.mjs CONTEXTS.json DEMO_FOLDER        prints one JSON line a badge; exit 1 when one surprises
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import * as bazaarVc from '@digitalbazaar/vc';
import * as bazaarStatus from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite as bazaarEddsa} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof as BazaarProof} from '@digitalbazaar/data-integrity';
import * as dccVc from '@digitalcredentials/vc';
import * as dccStatus from '@digitalcredentials/vc-bitstring-status-list';
import {cryptosuite as dccEddsa} from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof as DccProof} from '@digitalcredentials/data-integrity';

const [contextsFile, demo] = process.argv.slice(2);
const contexts = new Map(Object.entries(JSON.parse(readFileSync(contextsFile, 'utf8'))));
const mapFile = join(demo, 'did-map.json');
const didMap = JSON.parse(readFileSync(mapFile, 'utf8'));

function local(url) {
  let [target, rest] = [didMap[url], ''];
  if(target === undefined) {
    const prefix = Object.keys(didMap).filter(key => key.endsWith('/') && url.startsWith(key)).sort().pop();
    if(prefix === undefined) {
      throw new Error(`not in did-map: ${url}`);
    }
    [target, rest] = [didMap[prefix], url.slice(prefix.length)];
  }
  return JSON.parse(readFileSync(join(resolve(dirname(mapFile), target), rest), 'utf8'));
}

function webDocument(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  return local(`https://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`);
}

function keyDocument(did) {
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did, assertionMethod: [id],
    verificationMethod: [{id, type: 'Multikey', controller: did, publicKeyMultibase}]
  };
}

async function documentLoader(url) {
  let document;
  if(contexts.has(url)) {
    document = contexts.get(url);
  } else if(url.startsWith('did:')) {
    const [did, fragment] = url.split('#');
    const whole = did.startsWith('did:key:') ? keyDocument(did) : webDocument(did);
    document = fragment === undefined ? whole : {
      '@context': 'https://w3id.org/security/multikey/v1',
      ...whole.verificationMethod.find(method => method.id === url)
    };
  } else {
    document = local(url);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const stacks = {
  digitalbazaar: credential => bazaarVc.verifyCredential({
    credential, documentLoader, checkStatus: bazaarStatus.checkStatus,
    suite: new BazaarProof({cryptosuite: bazaarEddsa}), verifyBitstringStatusListCredential: true,
    verifyStatusListCredential: true
  }),
  digitalcredentials: credential => dccVc.verifyCredential({
    credential, documentLoader, checkStatus: dccStatus.checkStatus, suite: new DccProof({cryptosuite: dccEddsa})
  })
};

// These verifiers know signatures and status, not accreditation: genuine and not withdrawn is all they can say.
const read = (...path) => JSON.parse(readFileSync(join(demo, ...path), 'utf8'));
const special = read('summary.json').checks.filter(one => one.file.endsWith('.json')).map(
  one => ({...one, credential: read(one.file), good: one.genuine === 'valid' && one.current === 'current'}));
const withdrawn = new Set(special.filter(one => one.current === 'withdrawn').map(one => one.credential.id));

let surprises = 0;
let count = 0;

async function check(name, credential, good, {tell = false} = {}) {
  for(const [stack, verify] of Object.entries(stacks)) {
    const result = await verify(structuredClone(credential));
    // One stack says "revoked" as not verified, the other as a status that is set.
    const set = (result.statusResult?.results ?? []).some(one => one.status === true);
    const verified = result.verified === true && (result.statusResult?.verified ?? true) === true && !set;
    const why = verified ? undefined : (result.error?.errors?.[0]?.message ?? result.error?.message ??
      result.statusResult?.error?.message ?? 'status');
    count += 1;
    if(verified !== good) {
      surprises += 1;
    }
    if(verified !== good || tell) {
      console.log(JSON.stringify({stack, badge: name, verified, expected: good, why}));
    }
  }
}

for(const {file, credential, good} of special) {
  await check(file, credential, good, {tell: true});
}
for(const file of readdirSync(join(demo, 'badges')).filter(one => one.endsWith('.json') && !one.includes('anchor')).sort()) {
  const credential = read('badges', file);
  await check(file, credential, !withdrawn.has(credential.id));
  const twin = structuredClone(credential);
  twin.credentialSubject.creditsEarned += 1;
  await check(`${file}, tampered twin`, twin, false);
}
console.log(JSON.stringify({verifications: count, surprises}));
process.exit(surprises ? 1 : 0);
