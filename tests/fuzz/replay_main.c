/* SPDX-License-Identifier: Apache-2.0
 * Runs every file of the folders given through one fuzz target, without libFuzzer. Fails when there
 * is none. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define FILE_MAX (8u << 20)

/* A block of exactly the file's size, so that a sanitizer sees the first byte read past the end. */
static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	if (!f || fstat(fileno(f), &st) != 0 || st.st_size > (off_t)FILE_MAX) {
		perror(path);
		exit(1);
	}
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
}

static unsigned run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	unsigned n = 0;

	if (!dir) {
		perror(folder);
		exit(1);
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		run_file(path);
		n++;
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	unsigned n = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		n += run_folder(argv[i]);
	printf("%u inputs\n", n);
	return n ? 0 : 1;
}
