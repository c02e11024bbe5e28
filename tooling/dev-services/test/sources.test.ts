import { describe, expect, test } from 'vitest';

import { kafkaSource, type PostgresFacts, postgresSource } from '../src/sources.ts';

describe('where PostgreSQL comes from', () => {
  const nothing: PostgresFacts = {
    configured: false,
    named: false,
    packaged: false,
    system: false,
    platform: 'plan9-mips',
  };

  test.each([
    [
      'the configured server wins over everything',
      { configured: true, named: true, packaged: true, system: true, docker: true },
      'configured',
    ],
    ['named binaries win over the package', { named: true, packaged: true }, 'system'],
    ['the npm package comes before the system', { packaged: true, system: true, docker: true }, 'embedded'],
    ['binaries of the system come before a container', { system: true, docker: true }, 'system'],
    ['a container comes last', { docker: true }, 'docker'],
  ] as const)('%s', (_, facts, source) => {
    expect(postgresSource({ ...nothing, ...facts })).toBe(source);
  });

  test('without any, the platform is named', () => {
    expect(postgresSource(nothing)).toMatchObject({
      available: false,
      reason: 'no PostgreSQL binaries for plan9-mips',
    });
  });
});

describe('where Kafka comes from', () => {
  const nothing = { configured: false };

  test.each([
    [
      'configured brokers win over everything',
      { configured: true, java: 21, classPathCached: true, docker: true },
      'configured',
    ],
    ['a class path fetched before needs no Maven', { java: 17, classPathCached: true, maven: false }, 'maven'],
    [
      'it is used although Maven has failed since',
      { java: 17, classPathCached: true, maven: true, mavenError: 'x' },
      'maven',
    ],
    ['Java and Maven fetch it', { java: 17, classPathCached: false, maven: true }, 'maven'],
    ['an old Java leaves the container', { java: 11, classPathCached: true, maven: true, docker: true }, 'docker'],
    ['no Maven leaves the container', { java: 17, classPathCached: false, maven: false, docker: true }, 'docker'],
    ['a failed Maven leaves the container', { java: 17, maven: true, mavenError: 'x', docker: true }, 'docker'],
  ] as const)('%s', (_, facts, source) => {
    expect(kafkaSource({ ...nothing, ...facts })).toBe(source);
  });

  test.each([
    ['no Java', { java: undefined, maven: true }, 'Kafka needs Java 17 or newer; none found'],
    ['an old Java', { java: 11, maven: true }, 'Kafka needs Java 17 or newer; none found (found 11)'],
    [
      'no Maven and nothing fetched',
      { java: 17, classPathCached: false, maven: false },
      'Maven is needed once to fetch the broker',
    ],
    [
      'a Maven that failed',
      { java: 17, maven: true, mavenError: 'no route' },
      'Maven cannot fetch the broker: no route',
    ],
  ] as const)('the reason is told: %s', (_, facts, reason) => {
    expect(kafkaSource({ ...nothing, ...facts, docker: false })).toMatchObject({ available: false, reason });
  });
});
