-- SPDX-License-Identifier: Apache-2.0
-- Beside the server's database, which the image makes: the drivers', with the wrapped keys.
CREATE DATABASE keys OWNER holdfast;
