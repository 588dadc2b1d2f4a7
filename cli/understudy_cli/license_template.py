"""The readable terms that `understudy license new` writes: every field, explained."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# What a brand may do with a twin. Sign it with `understudy license sign`. Lines with # are optional.
id: acme-spring-2027            # the license's own id; what is used counts by it
assignee: {namespace: acme, brand: Acme GmbH}
purposes: [advertising]         # advertising customer-service education entertainment internal news
channels: [social, web]         # broadcast cinema email event in-app messaging out-of-home social web
territories: [EU, CH, JP-13]    # ISO 3166 countries and parts of them, or EU EEA EFTA DACH BENELUX NORDICS WORLD ...
languages: [de, en, fr]         # BCP 47 ranges: de covers de-AT
valid_from: 2027-03-01          # frames may be made from here, UTC
valid_until: 2027-06-01         # until here
seconds: 3600                   # metered seconds in total, each format counting
# items: 500                    # videos in total
# concurrent: 2                 # jobs at once
# max_item_seconds: 30          # length of one video
# formats: [landscape, {aspect: portrait, max_height: 1920}]
# versions: []                  # digests of twin versions; none: all
# publish_until: 2027-12-31     # shown no longer from here; declared by the brand and recorded
# excluded_categories: [Politics, Alcoholic Beverages]   # IAB Content Taxonomy 3.1, ids or names
# sensitive_categories: [Medical Health]  # only with your consent to each use; left out: all sensitive ones
# preview: false                # a preview sealed to you may precede that consent
# preview_recipient: age1...    # whom it is sealed to; `age-keygen` makes one
# age: {minimum: 25, maximum: 40}   # how old the twin may look, never under 18
# allows: []                    # puppeteering singing edits training_on_outputs
# disclosures: [Paid partnership]   # what every showing has to say
# intended_use: One spring campaign for shoes.
# representation: {kind: counsel, name: Example LLP}     # counsel or union
# contract_sha256: "0000000000000000000000000000000000000000000000000000000000000000"
# exclusive: false              # nobody else gets an overlapping license while it holds
# status: {index: 0, ttl_seconds: 300}   # place in your status list; an older list refuses
# royalty:
#   currency: EUR
#   per_second: 0.25            # for each metered second
#   per_video: 0                # for each delivered video
#   guaranteed: 500             # at least, made or not
#   splits:
#     - {role: owner, payee: p-7f3a, percent: 70}
#     - {role: studio, payee: s-19, percent: 30}
"""
