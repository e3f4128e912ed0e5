#!/bin/sh
# Names what is missing on this machine, with the command that installs it. Needs nothing itself but a shell.
set -u
case "$(uname -s)" in
  Darwin) install="brew install" node=node@24 java=openjdk@21 maven=maven ;;
  *) install="sudo apt-get install -y" node="npm && sudo npm install --global n && sudo n 24" java=default-jre-headless maven=maven ;;
esac
missing=0
need() { # what, command
  echo "missing: $1 — install it with: $2" >&2
  missing=1
}
major() { sed -E 's/[^0-9]*([0-9]+).*/\1/'; }

if ! command -v node >/dev/null 2>&1 || [ "$(node --version | major)" -lt 20 ]; then
  need "Node.js >= 20 (used once, to fetch the pinned Node.js 24)" "$install $node"
fi
command -v npm >/dev/null 2>&1 || need "npm" "$install $node"
if ! command -v java >/dev/null 2>&1 || [ "$(java -version 2>&1 | grep -m1 version | sed -E 's/.*"([^"]+)".*/\1/' | major)" -lt 17 ]; then
  need "Java >= 17 (runs Kafka and the schema registry)" "$install $java"
fi
command -v mvn >/dev/null 2>&1 || need "Maven (fetches Kafka and the schema registry)" "$install $maven"
command -v git >/dev/null 2>&1 || need "git" "$install git"
exit "$missing"
